package notify

import (
	"fmt"
	"strings"

	"hansei"
)

// Message is what is told, before it takes the shape of a mail or a block of
// Slack's. Addresses in it are paths of this installation, such as
// "/incidents/x"; whoever delivers puts the server's before them.
type Message struct {
	Event   string `json:"event"`
	Subject string `json:"subject"`
	Lead    string `json:"lead,omitempty"` // a sentence or two
	Items   []Item `json:"items,omitempty"`
	More    int    `json:"more,omitzero"` // items that are left out
	Path    string `json:"path,omitempty"`
	Action  string `json:"action,omitempty"` // what Path leads to: "Open the retrospective"
	Why     string `json:"why,omitempty"`    // why the reader gets this
}

// Item is one thing that a message lists.
type Item struct {
	Kind  hansei.Kind `json:"kind,omitempty"`
	ID    hansei.ID   `json:"id,omitempty"`
	Title string      `json:"title"`
	Path  string      `json:"path,omitempty"`
	Text  string      `json:"text,omitempty"`
}

const (
	maxItems   = 20
	maxSubject = 200   // characters
	maxLead    = 2_000 // characters
	maxText    = 400   // characters of an item's text
)

// bounded is a message that no vendor finds too long.
func (m Message) bounded() Message {
	m.Subject, m.Lead = short(oneLine(m.Subject), maxSubject), short(m.Lead, maxLead)
	if n := len(m.Items); n > maxItems {
		m.More += n - maxItems
		m.Items = m.Items[:maxItems]
	}
	items := make([]Item, len(m.Items))
	for i, it := range m.Items {
		it.Title, it.Text = short(oneLine(it.Title), maxSubject), short(it.Text, maxText)
		items[i] = it
	}
	m.Items = items
	return m
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// short cuts a text to so many characters.
func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n-1])) + "…"
	}
	return s
}

// more says how many items were left out.
func (m Message) more() string {
	if m.More == 0 {
		return ""
	}
	return fmt.Sprintf("and %d more", m.More)
}

// Text is the message as plain text, its addresses below base.
func (m Message) Text(base string) string {
	var b strings.Builder
	line := func(s string) {
		if s != "" {
			b.WriteString(s + "\n\n")
		}
	}
	line(m.Subject)
	line(m.Lead)
	for _, it := range m.Items {
		b.WriteString("- " + it.Title)
		if it.Text != "" {
			b.WriteString(": " + strings.ReplaceAll(it.Text, "\n", "\n  "))
		}
		if it.Path != "" {
			b.WriteString("\n  " + base + it.Path)
		}
		b.WriteString("\n")
	}
	if m.More > 0 {
		b.WriteString("- " + m.more() + "\n")
	}
	if len(m.Items) > 0 {
		b.WriteString("\n")
	}
	if m.Path != "" {
		line(m.Action + ": " + base + m.Path)
	}
	line(m.Why)
	return strings.TrimSpace(b.String()) + "\n"
}
