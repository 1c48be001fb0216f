package hansei

import (
	"net/url"
	"strings"
	"unicode"
)

// LanguageModel is where a language model answers that may draft sections of
// retrospectives: any endpoint that speaks OpenAI's chat completions. Its key is
// no part of it and of no record; it is sealed elsewhere.
type LanguageModel struct {
	URL  string `json:"url"`  // under which /chat/completions stands, as https://api.openai.com/v1
	Name string `json:"name"` // of the model there, as gpt-5-mini or llama3.1:8b
}

// maxModel bounds the address and the name, in bytes.
const maxModel = 500

// Tidy is the same address as it is kept: without a slash at the end, and
// without the operation when that was copied, too.
func (m LanguageModel) Tidy() LanguageModel {
	m.Name = strings.TrimSpace(m.Name)
	m.URL = strings.TrimRight(strings.TrimSpace(m.URL), "/")
	m.URL = strings.TrimRight(strings.TrimSuffix(m.URL, "/chat/completions"), "/")
	return m
}

// Origin is the server of the address, as https://api.openai.com.
func (m LanguageModel) Origin() string {
	u, err := url.Parse(m.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// Validate checks the address and the name.
func (m *LanguageModel) Validate() error {
	if m == nil {
		return nil
	}
	u, err := url.Parse(m.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || len(m.URL) > maxModel:
		return Invalid("url", "expected an address such as https://api.openai.com/v1 or http://127.0.0.1:11434/v1")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return Invalid("url", "expected an address without user, query and fragment; the key stands apart")
	case m.Name == "" || len(m.Name) > maxModel || strings.ContainsFunc(m.Name, unicode.IsControl):
		return Invalid("name", "expected the name of a model there, such as llama3.1:8b")
	}
	return nil
}
