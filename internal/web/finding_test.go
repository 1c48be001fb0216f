package web_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// TestFoundAgain: what was learned is found on the search page, on the page of
// an incident like it, and on the page of the service; a person's word on a
// pair counts at once and is taken back.
func TestFoundAgain(t *testing.T) {
	s := newSite(t)
	_, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for i, id := range []hansei.ID{"old", "new"} {
			in := &hansei.Incident{Header: hansei.Header{ID: id}, Title: "Gateway certificate expired", Type: hansei.IncidentReal, Status: []string{hansei.StatusResolved, hansei.StatusOpen}[i], Severity: "sev1", Services: []hansei.ID{"gate"}}
			in.Milestones.Set(hansei.RoleDeclared, now.AddDate(0, 0, 5*i-10))
			if i == 0 {
				in.Milestones.Set(hansei.RoleResolved, now.AddDate(0, 0, -9))
			}
			if err := record.Put(tx, in, 0); err != nil {
				return err
			}
		}
		r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:old"}, Title: "The gateway's certificate", State: hansei.RetroPublished, Incidents: []hansei.ID{"old"}, Services: []hansei.ID{"gate"},
			Mitigation: "We renewed it by hand.", Lessons: []string{"Certificates need <an owner>"}, Drafted: now, Published: now}
		f := &hansei.FollowUp{Header: hansei.Header{ID: "fu"}, Title: "Alert on certificates", Status: hansei.FollowUpOpen, Created: now.AddDate(0, 0, -5), Due: now.AddDate(0, 0, -1), Incidents: []hansei.ID{"old"}, Services: []hansei.ID{"gate"}, Retrospective: "retro:old"}
		return errors.Join(record.Put(tx, r, 0), record.Put(tx, f, 0), record.Put(tx, &hansei.Service{Header: hansei.Header{ID: "gate"}, Name: "Gateway"}, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Records.Head(t.Context(), auth.Local().Scope())
	if err = errors.Join(err, s.Facts.Wait(t.Context(), head.Seq)); err != nil {
		t.Fatal(err)
	}
	s.get(t, "/search?q=certifcates+owner").says(t, 200, "<mark>Certificates</mark>", "&lt;", "/retrospectives/retro:old#lesson-", "!<an owner>", "looked for")
	s.leads(t, "/search?q=certifcates+owner", "Certificates need &lt;an owner&gt;")
	s.leads(t, "/incidents/new", "Certificates need &lt;an owner&gt;")
	s.leads(t, "/services/gate", "Certificates need &lt;an owner&gt;")
	s.get(t, "/search?q=gateway&kind=incident&service=gate").says(t, 200, "Lesson", "Gateway", `aria-current="true"`, "/incidents/old", "!/follow-ups/fu")
	s.get(t, "/search?kind=nonsense").says(t, 422, "not a kind")
	s.get(t, "/search?q=x&since=yesterday").says(t, 422, "expected a day")
	s.get(t, "/incidents/new").says(t, 200, "Like this before", "What helped then:", "We renewed it by hand.", "follow-ups: 1 open, 0 closed", "same service: Gateway", "!<an owner>")
	s.get(t, "/incidents/old").says(t, 200, "And later", "/incidents/new")
	s.get(t, "/services/gate").says(t, 200, "What it has taught", "Certificates need", "Open follow-ups", "Alert on certificates", "overdue since")

	judge := func(verdict string) answer {
		t.Helper()
		return s.post(t, "/judgements", "a", "new", "b", "old", "place", "1", "verdict", verdict)
	}
	judge("other").says(t, 200, "is not suggested here any more")
	s.get(t, "/incidents/new").says(t, 200, "No earlier incident is like it")
	judge("undo").says(t, 200, "Taken back", "We renewed it by hand.")
	judge("same").says(t, 200, "marked as the same lesson", "Not marked after all")
	s.get(t, "/search").says(t, 200, "of 1 pairs that people judged")
	judge("perhaps").says(t, 422, "expected same or other")
}

// leads checks that the first link to a lesson on a page leads to its words.
func (s *site) leads(t *testing.T, path, words string) {
	t.Helper()
	m := regexp.MustCompile(`href="([^"#]*)#(lesson-[0-9a-f]{8})"`).FindStringSubmatch(main(s.get(t, path).body))
	if m == nil {
		t.Errorf("%s: no link leads to a lesson", path)
		return
	}
	s.get(t, m[1]).says(t, 200, `id="`+m[2]+`">`+words)
}

// TestHostileQueries: whatever is typed is answered, and what is typed is never
// markup.
func TestHostileQueries(t *testing.T) {
	s := newSite(t)
	for _, q := range []string{strings.Repeat("a b ", 5000), strings.Repeat(`"`, 999), "\x00\x07\x1b[31m", "(.*)+$ [a-z]{1,9999}", "\u202eabc\u202c", "🔥🔥", "支払い 障害", "<script>alert(1)</script>", "' OR 1=1 --", "-", "--- \"", "\xff\xfe"} {
		s.get(t, "/search?q="+url.QueryEscape(q)).says(t, 200, "!<script>alert")
	}
}
