package web_test

import (
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// worked is a retrospective on which people worked in every way there is.
func worked(t *testing.T) (*site, hansei.ID) {
	t.Helper()
	s, id := written(t)
	ctx, ann, bob := t.Context(), auth.Local().As("ann-lee"), auth.Local().As("bob")
	if _, _, err := s.Retros.Draft(ctx, ann, "file:A-3"); err != nil {
		t.Fatal(err)
	}
	s.writes(t, "ann-lee", id, "what-happened", "", "A deployment at [^milestone:began] doubled the calls to the **payments** pool. @bob saw the latency rise and asked the database team.\n\nIt looked like #file:A-3 at first, so the first half hour went into the login service:\n\n- sessions were fine,\n- the pool was full, which no panel shows.\n\nThe engineer forgot to raise the limit of the pool.\n")
	s.writes(t, "bob", id, "impact", s.text(t, id, "impact"), s.text(t, id, "impact")+"\n\n```hansei figure time_to_resolve\n```\n")
	s.writes(t, "ann-lee", id, "lessons", "", "A full pool needs an alert of its own.\n")
	s.writes(t, "bob", id, "lessons", "", "Pools need a limit that is seen.\n")
	instead := "the connection pool was full, which no panel shows"
	for _, c := range []hansei.Comment{{Section: "what-happened", Text: "Which pool was it? There are three.", Passage: "the pool was full"}, {Section: "what-happened", Passage: "the pool was full, which no panel shows", Instead: &instead}} {
		if _, err := s.Retros.Comment(ctx, bob, id, c); err != nil {
			t.Fatal(err)
		}
	}
	r, _, err := s.Retros.Get(ctx, ann.Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Retros.Comment(ctx, ann, id, hansei.Comment{Of: r.Comments[0].ID, Text: "The one of the writers. @bob, can you add it?"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Retros.Describe(ctx, ann, id, retro.Metadata{"owner": []byte(`"ann-lee"`), "due_at": []byte(`"2025-06-04T00:00:00Z"`)}); err != nil {
		t.Fatal(err)
	}
	seq, err := s.Records.Write(ctx, ann, func(tx *record.Tx) error {
		r, rev, err := record.Get[*hansei.Retrospective](ctx, tx, ann.Scope(), id)
		if err != nil {
			return err
		}
		x := r.Section("surprises")
		x.Text, x.Machine = "The responders expected the pool to grow by itself [^milestone:detected].", true
		return record.Put(tx, r, rev)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(ctx, seq); err != nil {
		t.Fatal(err)
	}
	return s, id
}

func TestRetrospectivePagesAreSeenByAll(t *testing.T) {
	t.Parallel()
	empty := newSite(t)
	s, id := worked(t)
	at := s.url + "/retrospectives/" + string(id)
	pages := map[string]string{"list": s.url + "/retrospectives", "empty": empty.url + "/retrospectives", "document": at, "editing": at + "?edit=what-happened", "history": at + "/history", "difference": at + "/history?from=1&to=5",
		"timeline": at + "/timeline", "facts": at + "/facts", "background": at + "/background", "review": at + "/review", "you": s.url + "/you"}
	judged(t, browser(t), look{group: "retros", pages: pages, open: openButMenus,
		ready: `!document.querySelector('.hs-drafted') || document.querySelector('.hs-drafted').offsetParent === null || document.querySelector('.hs-drafted .hs-ref') !== null`})
}
