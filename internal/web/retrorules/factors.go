package retrorules

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/rulebook"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// factorsView is the taxonomy with how often each factor is named.
type factorsView struct {
	Groups  []group
	Retired []rulebook.Use
	Strays  []rulebook.Use
	Waiting int
	Add     [3]ui.Field // name, group, help
	All     []string    // names of groups
	File    ui.Field
	Wrong   string
	Opened  string // the part that is shown open: add or import
}

// group is the factors of a group that are offered.
type group struct {
	Name    string
	Factors []rulebook.Use
}

const factorsURL = Base + "/factors"

func (p *Pages) factors(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.showFactors(w, r, who, http.StatusOK, nil, nil)
}

func (p *Pages) showFactors(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, form url.Values, wrong map[string]string) error {
	uses, err := p.Book.Uses(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	v := factorsView{Strays: uses.Strays, Waiting: uses.Waiting, Wrong: elsewhere(wrong, "name", "group", "help", "file")}
	for _, u := range uses.Factors {
		if u.Retired {
			v.Retired = append(v.Retired, u)
			continue
		}
		i := slices.IndexFunc(v.Groups, func(g group) bool { return g.Name == u.Group })
		if i < 0 {
			v.Groups, i = append(v.Groups, group{Name: u.Group}), len(v.Groups)
			v.All = append(v.All, u.Group)
		}
		v.Groups[i].Factors = append(v.Groups[i].Factors, u)
	}
	field := func(name, label, help string) ui.Field {
		return ui.Field{ID: name, Name: name, Label: label, Help: help, Value: form.Get(name), Error: wrong[name]}
	}
	v.Add = [3]ui.Field{field("name", "Name", "A condition, in a few words: never a person, never “human error”."), field("group", "Group", ""), field("help", "Meaning", "In a sentence, for those who choose.")}
	v.Add[0].Required = true
	v.File = field("file", "Taxonomy as YAML", "A list of name, group, help. Factors that it does not name are retired, not forgotten.")
	v.File.Rows, v.File.Mono, v.File.Required = 8, true, true
	switch {
	case wrong["file"] != "":
		v.Opened = "import"
	case form.Get("name") != "":
		v.Opened = "add"
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, factorsPage(v))
	}
	return p.show(w, r, who, status, factorsURL, headTitle, factorsPage(v))
}

// actFactor does one thing to the taxonomy.
func (p *Pages) actFactor(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	a := rulebook.Act{Do: form.Get("do"), Name: form.Get("name"), To: form.Get("to"), Before: form.Get("before"), Group: form.Get("group"), Help: form.Get("help")}
	c, err := p.Book.Act(r.Context(), who, 0, a)
	if wrong, ours := wrongs(err); err != nil {
		if !ours {
			return err
		}
		return p.showFactors(w, r, who, http.StatusUnprocessableEntity, form, wrong)
	}
	return p.done(w, r, c, factorsURL, said(a))
}

// said is what an act did, in words.
func said(a rulebook.Act) string {
	switch a.Do {
	case "add":
		return "“" + a.Name + "” can be chosen now."
	case "retire":
		return "“" + a.Name + "” is not offered any more. Where it was used it stays."
	case "restore":
		return "“" + a.Name + "” can be chosen again."
	case "merge":
		return "“" + a.Name + "” is “" + a.To + "” now."
	}
	return "The taxonomy was saved."
}

// factorView is one factor in its form.
type factorView struct {
	Use               rulebook.Use
	Name, Group, Help ui.Field
	Groups            []string
	Others            []string
	Wrong             string
}

func (p *Pages) factor(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.showFactor(w, r, who, http.StatusOK, r.URL.Query().Get("name"), nil, nil)
}

func (p *Pages) showFactor(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, name string, form url.Values, wrong map[string]string) error {
	uses, err := p.Book.Uses(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(uses.Factors, func(u rulebook.Use) bool { return strings.EqualFold(u.Name, name) })
	if i < 0 {
		return fmt.Errorf("factor %q: %w", name, hansei.ErrNotFound)
	}
	u := uses.Factors[i]
	if form == nil {
		form = url.Values{"to": {u.Name}, "group": {u.Group}, "help": {u.Help}}
	}
	field := func(name, label, help string) ui.Field {
		return ui.Field{ID: name, Name: name, Label: label, Help: help, Value: form.Get(name), Error: wrong[name]}
	}
	v := factorView{Use: u, Name: field("to", "Name", "Another name is written where the factor was used, as a new revision. The one it has stays readable, and finds it."),
		Group: field("group", "Group", ""), Help: field("help", "Meaning", "In a sentence, for those who choose."), Wrong: elsewhere(wrong, "to", "group", "help")}
	v.Name.Required, v.Help.Rows = true, 2
	for _, x := range uses.Factors {
		if x.Name != u.Name && x.Offered() {
			v.Others = append(v.Others, x.Name)
		}
		if !slices.Contains(v.Groups, x.Group) {
			v.Groups = append(v.Groups, x.Group)
		}
	}
	return p.show(w, r, who, status, factorsURL, "“"+u.Name+"”", factorPage(v))
}

// editFactor renames and describes a factor, in one change.
func (p *Pages) editFactor(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	a := rulebook.Act{Do: "edit", Name: form.Get("name"), To: strings.TrimSpace(form.Get("to")), Group: form.Get("group"), Help: form.Get("help")}
	if form.Get("do") == "merge" {
		a = rulebook.Act{Do: "merge", Name: form.Get("name"), To: form.Get("into")}
	}
	c, err := p.Book.Act(r.Context(), who, 0, a)
	if wrong, ours := wrongs(err); err != nil {
		if !ours {
			return err
		}
		if text, ok := wrong["name"]; ok {
			wrong["to"] = text
		}
		return p.showFactor(w, r, who, http.StatusUnprocessableEntity, a.Name, form, wrong)
	}
	return p.done(w, r, c, factorsURL, said(a))
}

func (p *Pages) exportFactors(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	text, err := rulebook.TaxonomyYAML(state.Rules.Taxonomy)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Content-Disposition", `attachment; filename="taxonomy.yaml"`)
	_, err = w.Write(text)
	return err
}

func (p *Pages) importFactors(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	t, err := rulebook.ReadTaxonomy([]byte(form.Get("file")))
	if err == nil {
		var text []byte
		if text, err = json.Marshal(t); err != nil {
			return err
		}
		c, failed := p.Book.Patch(r.Context(), who, 0, raw(map[string][]byte{"taxonomy": text}))
		if failed == nil {
			return p.done(w, r, c, factorsURL, "The taxonomy was taken over.")
		}
		err = failed
	}
	wrong, ours := wrongs(err)
	if !ours {
		return err
	}
	for _, reason := range wrong {
		wrong = map[string]string{"file": reason}
	}
	return p.showFactors(w, r, who, http.StatusUnprocessableEntity, form, wrong)
}
