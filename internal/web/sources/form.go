package sources

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// The names of the form's own fields; settings stand beside them under the
// names that their tool gives them, with a prefix.
const (
	fieldName  = "name"
	fieldSince = "since"
	settingIn  = "set-" // before the name of a setting
)

// formIn reads a form that may hold a payload to try: as large as a webhook may
// be, and three times that for how a form writes it.
func formIn(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	return shell.LargeForm(w, r, 4*connect.MaxHook)
}

// prefilled are the settings a form begins with: those that are kept in the
// open. Secrets are in none of them.
func prefilled(v connect.View) url.Values {
	out := url.Values{}
	for name, value := range v.Settings {
		out.Set(settingIn+name, value)
	}
	return out
}

// setting is a field with, for a secret that is kept, the name of the box that
// empties it.
type setting struct {
	ui.Field
	Forget string
	Part   string // the heading it is folded under; empty for none
	Open   bool   // it says something that is not the default
}

// fold are settings that stand together; folded away when they have a title.
type fold struct {
	Title string
	All   []setting
	Open  bool
}

// foldsOf puts the settings of a form together: those that stand open first.
func foldsOf(all []setting) []fold {
	out := []fold{{}}
	for _, s := range all {
		i := slices.IndexFunc(out, func(f fold) bool { return f.Title == s.Part })
		if i < 0 {
			i, out = len(out), append(out, fold{Title: s.Part})
		}
		out[i].All, out[i].Open = append(out[i].All, s), out[i].Open || s.Open || s.Error != ""
	}
	return out
}

// understoodAgain says which settings make what was received be understood
// again; empty for a tool that has none.
func understoodAgain(k source.Kind) string {
	var names []string
	for _, s := range k.Settings {
		if s.Means {
			names = append(names, "“"+s.Title+"”")
		}
	}
	if len(names) == 0 {
		return ""
	}
	last := len(names) - 1
	text := names[last]
	if last > 0 {
		text = strings.Join(names[:last], ", ") + " or " + text
	}
	return "When you change " + text + ", everything received before is understood again: what no longer counts leaves every list and figure, and comes back if you change it back."
}

// settingFields are a tool's settings as fields of a form. A secret is never
// put in; set names those that are kept already, so that an empty field leaves
// them as they are.
func settingFields(k source.Kind, have url.Values, set []string, wrong map[string]string, fresh bool) []setting {
	var out []setting
	for _, s := range connect.SettingsOf(k) {
		if fresh && s.Name == source.WebhookSecret && !s.Theirs {
			continue // it is made here
		}
		kept := s.Secret && slices.Contains(set, s.Name)
		f := setting{Part: s.Part, Field: ui.Field{ID: settingIn + s.Name, Name: settingIn + s.Name, Label: s.Title, Help: s.Help, Error: wrong[s.Name], Value: have.Get(settingIn + s.Name), Required: s.Required && !kept && s.Default == ""}}
		switch {
		case s.Secret:
			f.Value, f.Type = "", "password"
			if kept {
				f.Placeholder = "kept; write here to replace it"
				if f.Mark = "kept"; !s.Required {
					f.Forget = forget + s.Name
				}
			}
		case len(s.Enum) > 0:
			f.Value = first(f.Value, s.Default)
			for _, v := range s.Enum {
				f.Options = append(f.Options, ui.Option{Value: v, Text: v})
			}
			if s.Default == "" && !s.Required {
				f.Options = slices.Insert(f.Options, 0, ui.Option{Text: "—"})
			}
		case s.Long:
			f.Value = first(f.Value, s.Default)
			least := 4
			if k.Preview != nil {
				least = 8
			}
			f.Rows, f.Mono = min(24, max(least, 2+strings.Count(f.Value, "\n"))), true
		default:
			f.Placeholder = s.Default
		}
		f.Open = f.Forget != "" || f.Value != "" && f.Value != s.Default
		out = append(out, f)
	}
	return out
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// settingsIn reads the settings of a form. An empty field of a secret that is
// kept leaves it as it is; keep is false for a source that is being added.
func settingsIn(k source.Kind, form url.Values, keep bool) map[string]string {
	out := map[string]string{}
	for _, s := range connect.SettingsOf(k) {
		name := settingIn + s.Name
		value := strings.ReplaceAll(form.Get(name), "\r\n", "\n")
		switch {
		case !form.Has(name):
		case s.Secret && keep && form.Get(forget+s.Name) != "":
			out[s.Name] = ""
		case value == "" && (s.Secret || !keep):
		default:
			out[s.Name] = value
		}
	}
	return out
}

// forget is the prefix of the box that empties a secret.
const forget = "forget-"

// sinceIn reads from when on history is wanted; the zero time when that is
// left open.
func sinceIn(text string, zone *time.Location) (time.Time, error) {
	if text = strings.TrimSpace(text); text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return t, hansei.Invalid(fieldSince, "%q is not a date; expected one such as 2025-01-31", text)
	}
	return t.UTC(), nil
}

// freeName is a name for a new source that no other has.
func (p *Pages) freeName(ctx context.Context, who auth.Scope, tool string) (string, error) {
	all, err := p.Sources.List(ctx, who)
	if err != nil {
		return "", err
	}
	name := tool
	for n := 2; slices.ContainsFunc(all, func(v connect.View) bool { return v.Name == name }); n++ {
		name = tool + "-" + count(n)
	}
	return name, nil
}

// step is one step of setting a tool up, cut where something is to be copied.
type step []piece

type piece struct {
	Text string
	Copy bool
}

// holder finds the words of a step that hold the webhook's address or secret.
var holder = regexp.MustCompile(`\S*\{(?:url|secret)\}\S*`)

// address is what a tool is told to send webhooks to: the URL, as its steps say
// with the secret where that is part of it.
func address(k source.Kind, url, secret string) piece {
	for _, text := range k.Steps {
		if word := holder.FindString(text); strings.Contains(word, "{url}") && strings.Contains(word, "{secret}") {
			return fill(word, url, secret)
		}
	}
	return piece{Text: url, Copy: true}
}

// fill is a word of a step with what is known of it.
func fill(word, url, secret string) piece {
	if strings.Contains(word, "{url}") && url == "" || strings.Contains(word, "{secret}") && secret == "" {
		return piece{Text: strings.NewReplacer("{url}", first(url, "(the address, shown once you save)"), "{secret}", first(secret, unknownSecret(url))).Replace(word)}
	}
	return piece{Text: strings.NewReplacer("{url}", url, "{secret}", secret).Replace(word), Copy: true}
}

// steps fill in what is known. What is not is said in words.
func steps(k source.Kind, url, secret string) []step {
	var out []step
	for _, text := range k.Steps {
		var s step
		for {
			at := holder.FindStringIndex(text)
			if at == nil {
				break
			}
			if at[0] > 0 {
				s = append(s, piece{Text: text[:at[0]]})
			}
			word := text[at[0]:at[1]]
			s, text = append(s, fill(word, url, secret)), text[at[1]:]
		}
		if text != "" {
			s = append(s, piece{Text: text})
		}
		out = append(out, s)
	}
	return out
}

// unknownSecret stands for a webhook's secret where it cannot be shown.
func unknownSecret(url string) string {
	if url == "" {
		return "(the secret, shown once you save)"
	}
	return "(the secret, shown once when it was made)"
}
