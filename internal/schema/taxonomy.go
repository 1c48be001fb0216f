package schema

import (
	"slices"
	"strings"

	"hansei"
)

// live finds a factor that stands under its own name.
func live(t hansei.Taxonomy, name string) (int, error) {
	i := t.Index(name)
	if i < 0 {
		return 0, hansei.Invalid("name", "%q is not in the taxonomy", name)
	}
	if t[i].Into != "" {
		return 0, hansei.Invalid("name", "%q stands under %q now; change that one", t[i].Name, t.Now(t[i].Name))
	}
	return i, nil
}

// Add puts a new factor behind the others of its group. One that was retired
// under this name is refused: it can be taken back.
func Add(t hansei.Taxonomy, f hansei.FactorType) (hansei.Taxonomy, error) {
	f.Name, f.Group, f.Help = strings.TrimSpace(f.Name), strings.TrimSpace(f.Group), strings.TrimSpace(f.Help)
	if i := t.Index(f.Name); i >= 0 {
		return nil, hansei.Invalid("name", "there is %q already%s", t[i].Name, standing(t[i]))
	}
	at := len(t)
	for i := range t {
		if t[i].Offered() && strings.EqualFold(t[i].Group, f.Group) {
			at, f.Group = i+1, t[i].Group
		}
	}
	out := slices.Insert(slices.Clone(t), at, hansei.FactorType{Name: f.Name, Group: f.Group, Help: f.Help})
	return out, out.Validate()
}

func standing(f hansei.FactorType) string {
	switch {
	case f.Into != "":
		return ", under the name " + f.Into
	case f.Retired:
		return ", retired; take it back instead"
	}
	return ""
}

// Rename gives a factor another name. The old one stays, and leads to the new.
// A name that it had before is taken back.
func Rename(t hansei.Taxonomy, name, to string) (hansei.Taxonomy, error) {
	i, err := live(t, name)
	if err != nil {
		return nil, err
	}
	out, to := slices.Clone(t), strings.TrimSpace(to)
	if strings.EqualFold(out[i].Name, to) {
		if out[i].Name == to {
			return nil, hansei.Invalid("to", "that is its name")
		}
		// Only the case differs: every record that has it is found by either.
		old := out[i].Name
		for j := range out {
			if strings.EqualFold(out[j].Into, old) {
				out[j].Into = to
			}
		}
		out[i].Name = to
		return out, out.Validate()
	}
	old := out[i].Name
	if j := out.Index(to); j >= 0 {
		if !strings.EqualFold(out.Now(out[j].Name), old) {
			return nil, hansei.Invalid("to", "there is %q already%s; merge the two instead", out[j].Name, standing(out[j]))
		}
		out[j].Into, out[j].Group, out[j].Help, out[j].Retired = "", out[i].Group, out[i].Help, out[i].Retired
		out[i].Into = out[j].Name
		out[i], out[j] = out[j], out[i] // it keeps its place
		return out, out.Validate()
	}
	renamed := hansei.FactorType{Name: to, Group: out[i].Group, Help: out[i].Help, Retired: out[i].Retired}
	out[i].Into, out[i].Retired = to, false
	out = append(slices.Insert(slices.Delete(slices.Clone(out), i, i+1), i, renamed), out[i])
	return out, out.Validate()
}

// Merge says that one factor is another one. One that only records know is
// taken in by it, so that they are renewed too.
func Merge(t hansei.Taxonomy, name, into string) (hansei.Taxonomy, error) {
	if name = strings.TrimSpace(name); name != "" && t.Index(name) < 0 {
		t = append(slices.Clone(t), hansei.FactorType{Name: name})
	}
	i, err := live(t, name)
	if err != nil {
		return nil, err
	}
	f, ok := t.Find(into)
	switch {
	case !ok:
		return nil, hansei.Invalid("to", "%q is not in the taxonomy", into)
	case strings.EqualFold(f.Name, t[i].Name):
		return nil, hansei.Invalid("to", "a factor cannot be merged into itself")
	case f.Retired:
		return nil, hansei.Invalid("to", "%q is retired; take it back first", f.Name)
	}
	out := slices.Clone(t)
	out[i].Into = f.Name
	return out, out.Validate()
}

// Retire takes a factor out of what can be chosen. Where it was used it stays.
func Retire(t hansei.Taxonomy, name string) (hansei.Taxonomy, error) {
	i, err := live(t, name)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(t)
	out[i].Retired = true
	return out, out.Validate()
}

// Restore offers a factor again that was retired or merged.
func Restore(t hansei.Taxonomy, name string) (hansei.Taxonomy, error) {
	i := t.Index(name)
	if i < 0 {
		return nil, hansei.Invalid("name", "%q is not in the taxonomy", name)
	}
	out := slices.Clone(t)
	out[i].Retired, out[i].Into = false, ""
	return out, out.Validate()
}

// Describe sets the group and the help of a factor.
func Describe(t hansei.Taxonomy, name, group, help string) (hansei.Taxonomy, error) {
	i, err := live(t, name)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(t)
	out[i].Group, out[i].Help = strings.TrimSpace(group), strings.TrimSpace(help)
	return out, out.Validate()
}

// Move puts a factor before another one, or last with an empty name, and into
// its group.
func Move(t hansei.Taxonomy, name, before string) (hansei.Taxonomy, error) {
	i, err := live(t, name)
	if err != nil {
		return nil, err
	}
	f := t[i]
	out := slices.Delete(slices.Clone(t), i, i+1)
	at := len(out)
	if before != "" {
		if at, err = live(out, before); err != nil {
			return nil, hansei.Invalid("before", "%q is not another factor of the taxonomy", before)
		}
		f.Group = out[at].Group
	}
	out = slices.Insert(out, at, f)
	return out, out.Validate()
}

// Replace takes over a taxonomy that was written elsewhere. What it does not
// name is retired and not forgotten, since records may bear it.
func Replace(t hansei.Taxonomy, by hansei.Taxonomy) (hansei.Taxonomy, error) {
	out := slices.Clone(by)
	if err := out.Validate(); err != nil {
		return nil, err
	}
	for _, f := range t {
		if out.Index(f.Name) >= 0 {
			continue
		}
		if f.Into == "" || out.Index(f.Into) < 0 && t.Index(f.Into) < 0 {
			f.Into, f.Retired = "", true
		}
		out = append(out, f)
	}
	return out, out.Validate()
}
