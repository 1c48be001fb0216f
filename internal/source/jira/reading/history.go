package reading

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/jira/stamp"
)

// The keys of Jira's status categories.
const (
	categoryNone = "undefined" // "No Category": work in it has not begun
	categoryNew  = "new"
	categoryBusy = "indeterminate"
	categoryDone = "done"
)

// change is one thing that was changed of an issue, with its ids and its names
// before and after.
type change struct {
	Field    string `json:"field"`
	From     string `json:"from"`
	FromName string `json:"fromString"`
	To       string `json:"to"`
	ToName   string `json:"toString"`
}

// Changelog is what was changed of an issue, and when.
type Changelog struct {
	Total     int       `json:"total"`
	Histories []history `json:"histories"`
}

type history struct {
	Created stamp.Time `json:"created"`
	Items   []change   `json:"items"`
}

// status is a status by its name and category; either may not be known.
type status struct{ name, category string }

// move is an issue's way from one status to another.
type move struct {
	at       time.Time
	from, to status
}

// categories are the categories of statuses by the id of each.
type categories map[string]string

// moves are the moves of an issue, in order. Jira names the categories of
// statuses nowhere in an issue but that of the one it is in.
func (c categories) moves(x Issue) (out []move) {
	of := func(id, name string) status {
		s := status{name, c[id]}
		if now := x.Fields.Status; id != "" && id == now.ID || id == "" && name == now.Name {
			s.category = now.Category.Key
		}
		return s
	}
	for _, h := range x.Changelog.Histories {
		for _, i := range h.Items {
			if i.Field == "status" && !h.Created.IsZero() {
				out = append(out, move{h.Created.Time, of(i.From, i.FromName), of(i.To, i.ToName)})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b move) int { return a.at.Compare(b.at) })
	return out
}

// says looks for words in the name of a status.
func (s status) says(words ...string) bool {
	name := strings.ToLower(s.name)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(name, w) })
}

func (s status) mitigated() bool { return s.says("mitigat", "monitoring", "contained", "workaround") }

// over says whether what is in a status is resolved: by the category, or by a
// name that says so though the category does not.
func (s status) over() bool {
	return s.category == categoryDone || s.category != categoryNew && !s.says("unresolved", "to be", "not ") && s.says("resolved", "restored")
}

// began is when work began: the first move to a status of work in progress, or
// the creation, when the issue was made in one. whole says that all moves are
// known.
func began(x Issue, moves []move, whole bool) time.Time {
	first := status{category: x.Fields.Status.Category.Key}
	if len(moves) > 0 {
		first = moves[0].from
	}
	if whole && first.category == categoryBusy {
		return x.Fields.Created.Time
	}
	for _, m := range moves {
		if m.to.category == categoryBusy {
			return m.at
		}
	}
	return time.Time{}
}

// ended is when an issue that is done became so for the last time. What was
// opened again is not done.
func ended(x Issue, moves []move) time.Time {
	if x.Fields.Status.Category.Key != categoryDone {
		return time.Time{}
	}
	for i := len(moves) - 1; i >= 0; i-- {
		if m := moves[i]; m.to.category == categoryDone && m.from.category != categoryDone && m.from.category != "" {
			return m.at
		}
	}
	return cmp.Or(x.Fields.Moved.Time, x.Fields.Resolved.Time, x.Fields.Updated.Time)
}

// milestones sets what an incident's moves tell: its first is taken for
// somebody taking it; it is mitigated and resolved by the first move to such a
// status since it was last opened again, and closed by one that says so after
// that. done is when it was resolved if no move tells; one event alone (not
// whole) tells nothing of what went before it.
func milestones(in *hansei.Incident, x Issue, moves []move, done time.Time, whole bool) {
	var mitigated, resolved, closed time.Time
	for _, m := range moves {
		switch {
		case m.from.over() && !m.to.over():
			mitigated, resolved, closed = time.Time{}, time.Time{}, time.Time{}
		case m.to.over() && !m.from.over() && (whole || m.to.category != categoryDone) && resolved.IsZero():
			resolved = m.at
		case m.to.over() && m.to.says("closed"):
			closed = m.at
		}
		if m.to.mitigated() && !m.to.over() && mitigated.IsZero() {
			mitigated = m.at
		}
	}
	if len(moves) > 0 {
		in.Milestones.Set(hansei.RoleAcknowledged, moves[0].at)
	}
	in.Milestones.Set(hansei.RoleMitigated, mitigated)
	now := status{x.Fields.Status.Name, x.Fields.Status.Category.Key}
	if in.Status = hansei.StatusOpen; now.over() {
		in.Status = hansei.StatusResolved
		if resolved.IsZero() {
			resolved = done
		}
		in.Milestones.Set(hansei.RoleResolved, resolved)
		in.Milestones.Set(hansei.RoleClosed, closed)
	}
}

// apart makes of an incident as one event tells it a partial observation:
// what only its history tells stays as it was told before.
func apart(o *hansei.Observation, x Issue, moves []move) {
	o.Partial, o.Clear = true, []string{"deleted", "description", "priority", "services", "responders", "labels"}
	if now := (status{x.Fields.Status.Name, x.Fields.Status.Category.Key}); !now.over() {
		o.Clear = append(o.Clear, "resolved_at", "closed_at")
		if slices.ContainsFunc(moves, func(m move) bool { return m.from.over() }) {
			o.Clear = append(o.Clear, "mitigated_at")
		}
	}
}
