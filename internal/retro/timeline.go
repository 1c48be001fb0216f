package retro

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
)

// What an entry of a timeline is.
const (
	WhatMilestone  = "milestone"
	WhatAlert      = "alert"
	WhatAck        = "acknowledgement"
	WhatMessage    = "message"
	WhatStatus     = "status"
	WhatDeployment = "deployment"
	WhatChange     = "change"
	WhatTicket     = "ticket"
	WhatResponder  = "responder"
	WhatNote       = "note" // written by hand
)

var roleText = map[hansei.Role]string{
	hansei.RoleBegan: "Impact on customers began", hansei.RoleDetected: "Noticed", hansei.RoleAlerted: "A responder was paged",
	hansei.RoleDeclared: "Declared as an incident", hansei.RoleAcknowledged: "A responder took it", hansei.RoleEngaged: "The first person acted",
	hansei.RoleMitigated: "Impact on customers ended", hansei.RoleResolved: "Resolved", hansei.RoleClosed: "Closed",
}

// RoleText says in words what a milestone is.
func RoleText(r hansei.Role) string {
	if text := roleText[r]; text != "" {
		return text
	}
	return strings.ReplaceAll(string(r), "_", " ")
}

// roleMarker is the part of the story that a milestone belongs to.
var roleMarker = map[hansei.Role]string{
	hansei.RoleDetected: hansei.MarkerDetection, hansei.RoleMitigated: hansei.MarkerRepair,
}

const (
	together  = 10 * time.Minute // alerts and messages of one sort within this time stand as one
	manyChats = 200              // from so many messages on only the telling ones are kept
	spike     = 5                // tickets within the time that stand as one
)

// timeline is everything that happened as one sequence.
func timeline(rel *related) []hansei.Moment {
	var out []hansei.Moment
	for _, m := range rel.incident.Milestones {
		text := RoleText(m.Role)
		out = append(out, hansei.Moment{ID: "milestone:" + string(m.Role), At: m.At, What: WhatMilestone, Text: text, Marker: roleMarker[m.Role],
			Origin: "incident/" + string(rel.incident.ID)})
	}
	out = append(out, messages(rel)...)
	out = append(out, joins(rel)...)
	out = append(out, alerts(rel)...)
	out = append(out, alterations(rel)...)
	out = append(out, tickets(rel)...)
	sortMoments(out)
	out = same(out)
	return out[:min(len(out), hansei.MaxTimeline)]
}

func sortMoments(list []hansei.Moment) {
	slices.SortStableFunc(list, func(a, b hansei.Moment) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(rank(a.What), rank(b.What)), cmp.Compare(a.ID, b.ID))
	})
}

// rank puts causes before effects where the clock has them at one moment.
func rank(what string) int {
	return slices.Index([]string{WhatDeployment, WhatChange, WhatAlert, WhatTicket, WhatMilestone, WhatAck, WhatResponder, WhatStatus, WhatMessage, WhatNote}, what)
}

// same drops what two tools told alike within a minute.
func same(list []hansei.Moment) []hansei.Moment {
	var out []hansei.Moment
	for _, m := range list {
		twin := slices.ContainsFunc(out[max(0, len(out)-20):], func(x hansei.Moment) bool {
			return x.What == m.What && strings.EqualFold(strings.TrimSpace(x.Text), strings.TrimSpace(m.Text)) && m.At.Sub(x.At) < time.Minute
		})
		if !twin {
			out = append(out, m)
		}
	}
	return out
}

// chosen are the messages that somebody pinned or reacted to, by their id:
// people mark so what matters while it happens.
func chosen(in *hansei.Incident) map[string]bool {
	out := map[string]bool{}
	for _, u := range in.Updates {
		kind, of, ok := strings.Cut(u.ID, ":")
		if !ok || kind != "pin" && kind != "reaction" {
			continue
		}
		of, _, _ = strings.Cut(of, ":")
		if strings.HasSuffix(u.Status, " added") {
			out[of] = true
		}
	}
	return out
}

// messages are what was posted. Of long talk only what tells of the incident
// or was pinned or reacted to is kept at first; the rest is there, dropped.
func messages(rel *related) []hansei.Moment {
	in := rel.incident
	marked := chosen(in)
	var out []hansei.Moment
	for i, u := range in.Updates {
		if strings.HasPrefix(u.ID, "pin:") || strings.HasPrefix(u.ID, "reaction:") || u.Status == "deleted" {
			continue // said of a message that stands there itself, or stood
		}
		if strings.TrimSpace(u.Text) == "" && u.Status == "" {
			continue
		}
		m := hansei.Moment{ID: fmt.Sprintf("update:%s", cmp.Or(u.ID, fmt.Sprint(i))), At: u.At, What: WhatMessage, Text: u.Text, By: u.By, Origin: "incident/" + string(in.ID)}
		if u.Status != "" {
			m.What, m.Text = WhatStatus, strings.TrimSpace(u.Status+": "+u.Text)
		}
		m.Dropped = len(in.Updates) > manyChats && m.What == WhatMessage && !marked[u.ID] && !telling(u.Text)
		out = append(out, m)
	}
	return out
}

// joins are the responders who came later, where a tool told when.
func joins(rel *related) []hansei.Moment {
	var out []hansei.Moment
	for id, at := range rel.joined() {
		out = append(out, hansei.Moment{ID: "responder:" + string(id), At: at, What: WhatResponder, Text: rel.name(id) + " joined", Origin: "incident/" + string(rel.incident.ID)})
	}
	return out
}

// tellingWords are such as people use when something happens.
var tellingWords = []string{"deploy", "rollback", "roll back", "rolled back", "revert", "restart", "failover", "fail over", "mitigat", "resolv", "fixed", "root", "because",
	"found", "suspect", "confirm", "escalat", "paging", "paged", "customer", "error", "latency", "timeout", "down", "recover", "disabled", "enabled", "scaled", "hypothesis", "caused", "impact", "http"}

func telling(text string) bool {
	low := strings.ToLower(text)
	return slices.ContainsFunc(tellingWords, func(w string) bool { return strings.Contains(low, w) })
}

// alerts are pages and who took them. The same alert again and again is one
// entry with a count.
func alerts(rel *related) []hansei.Moment {
	slices.SortStableFunc(rel.alerts, func(a, b *hansei.Alert) int { return a.Triggered.Compare(b.Triggered) })
	var out []hansei.Moment
	last := map[string]int{}
	for _, a := range rel.alerts {
		if i, ok := last[a.Title]; ok && a.Triggered.Sub(out[i].At) < together {
			out[i].Count = max(out[i].Count, 1) + 1
		} else {
			last[a.Title] = len(out)
			out = append(out, hansei.Moment{ID: "alert:" + string(a.ID), At: a.Triggered, What: WhatAlert, Text: cmp.Or(a.Title, "An alert"), Origin: "alert/" + string(a.ID)})
		}
		if !a.Acknowledged.IsZero() {
			out = append(out, hansei.Moment{ID: "ack:" + string(a.ID), At: a.Acknowledged, What: WhatAck, Text: "Acknowledged: " + cmp.Or(a.Title, "an alert"), By: rel.names[a.Responder], Origin: "alert/" + string(a.ID)})
		}
	}
	return out
}

// alterations are what was changed, from a day before on. What was changed
// long before the start is dropped at first unless something links it.
func alterations(rel *related) []hansei.Moment {
	var out []hansei.Moment
	for _, c := range candidates(rel) {
		m := hansei.Moment{ID: string(c.Ref.Kind) + ":" + string(c.Ref.ID), At: c.At, What: WhatChange, Text: c.Title, Origin: string(c.Ref.Kind) + "/" + string(c.Ref.ID)}
		if c.Ref.Kind == hansei.KindDeployment {
			m.What, m.Text = WhatDeployment, "Deployed: "+c.Title
		}
		m.Dropped = c.Score < worthTelling
		out = append(out, m)
	}
	return out
}

// tickets are customers' requests; many at a time are one entry.
func tickets(rel *related) []hansei.Moment {
	slices.SortStableFunc(rel.tickets, func(a, b *hansei.Ticket) int { return a.Created.Compare(b.Created) })
	var out []hansei.Moment
	for i := 0; i < len(rel.tickets); {
		first, n := rel.tickets[i], i+1
		for n < len(rel.tickets) && rel.tickets[n].Created.Sub(first.Created) < together {
			n++
		}
		if n-i < spike {
			for _, t := range rel.tickets[i:n] {
				out = append(out, hansei.Moment{ID: "ticket:" + string(t.ID), At: t.Created, What: WhatTicket, Text: cmp.Or(t.Title, "A customer wrote"), Origin: "ticket/" + string(t.ID)})
			}
		} else {
			out = append(out, hansei.Moment{ID: "ticket:" + string(first.ID), At: first.Created, What: WhatTicket, Count: n - i,
				Text: fmt.Sprintf("%d customers wrote within %d minutes, first: %s", n-i, int(together.Minutes()), cmp.Or(first.Title, "a request")), Origin: "ticket/" + string(first.ID)})
		}
		i = n
	}
	return out
}

// again puts a new timeline in the place of an old one: what people did with
// entries stays, and so does what only they wrote or what is gone at its source.
func again(old, now []hansei.Moment) []hansei.Moment {
	byID := map[string]hansei.Moment{}
	for _, m := range old {
		byID[m.ID] = m
	}
	out := slices.Clone(now)
	for i := range out {
		if was, ok := byID[out[i].ID]; ok {
			out[i].Dropped, out[i].Note, out[i].Marker = was.Dropped, was.Note, was.Marker
			delete(byID, out[i].ID)
		}
	}
	for _, m := range old {
		if _, left := byID[m.ID]; left {
			out = append(out, m)
		}
	}
	sortMoments(out)
	// What does not fit is taken from the end, and never what people wrote.
	for i := len(out) - 1; i >= 0 && len(out) > hansei.MaxTimeline; i-- {
		if out[i].What != WhatNote && out[i].Note == "" {
			out = slices.Delete(out, i, i+1)
		}
	}
	return out[:min(len(out), hansei.MaxTimeline)]
}
