package web_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// written is a site with a retrospective of the first incident, and two people.
func written(t *testing.T) (*site, hansei.ID) {
	t.Helper()
	s := newSite(t)
	s.load(t, "incidents.csv", incidentsCSV)
	ctx, who := t.Context(), auth.Local()
	_, err := s.Records.Write(ctx, who, func(tx *record.Tx) error {
		for _, p := range []*hansei.Person{{Header: hansei.Header{ID: "ann-lee"}, Name: "Ann Lee"}, {Header: hansei.Header{ID: "bob"}, Name: "Bob <b>Bold</b>"}} {
			if err := record.Put(tx, p, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Records.List(ctx, who.Scope(), hansei.KindIncident, "", 10)
	if err != nil || len(found) == 0 {
		t.Fatal(len(found), err)
	}
	id, seq, err := s.Retros.Draft(ctx, who, found[0].Record.Head().ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(ctx, seq); err != nil {
		t.Fatal(err)
	}
	return s, id
}

// writes has somebody write a section.
func (s *site) writes(t *testing.T, by string, id hansei.ID, section, base, text string) {
	t.Helper()
	if _, _, err := s.Retros.Write(t.Context(), auth.Local().As(by), id, retro.Writing{Section: section, Base: base, Text: text}); err != nil {
		t.Fatal(err)
	}
}

// text is what a section says.
func (s *site) text(t *testing.T, id hansei.ID, section string) string {
	t.Helper()
	r, _, err := s.Retros.Get(t.Context(), auth.Local().Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r.Section(section).Text
}

func TestRetrospectivesAreListedAndRead(t *testing.T) {
	s, id := written(t)
	s.get(t, "/retrospectives").says(t, 200, "Checkout was slow", "draft")
	s.get(t, "/retrospectives/"+string(id)).says(t, 200, "<h1>Checkout was slow</h1>", "What happened", "draft", "sev2")
	s.get(t, "/retrospectives/nothing").says(t, 404)
}

func TestASectionIsWrittenWithoutScripts(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	moment := "[^milestone:detected]"
	s.get(t, at+"?edit=lessons").says(t, 200, `action="`+at+`/sections/lessons" data-editor>`)
	s.post(t, "/you", "person", "ann-lee", "back", at).says(t, 200, "You are Ann Lee now.", ">Ann Lee</a>")
	s.post(t, at+"/sections/lessons", "base", "", "text", "Ask @bob, and see #"+string(id[len("retro:"):])+" at "+moment+".\r\n\r\n<script>alert(1)</script>").
		says(t, 200, "@Bob &lt;b&gt;Bold&lt;/b&gt;</a>", ">Checkout was slow</a>", `class="hs-cite"`, "&lt;script&gt;alert(1)&lt;/script&gt;", "!<script>alert")
	versions, err := s.Records.History(t.Context(), auth.Local().Scope(), hansei.KindRetrospective, id)
	if err != nil || versions[0].Who != "ann-lee" {
		t.Errorf("got %q, %v", versions[0].Who, err)
	}
	s.post(t, at+"/sections/none", "base", "", "text", "x").says(t, 404)
	s.post(t, at+"/sections/lessons", "base", "", "text", strings.Repeat("x", hansei.MaxSection+1)).says(t, 422, "at most")
	s.post(t, "/you", "person", "nobody").says(t, 422)
	s.post(t, "/you", "person", "").says(t, 200, "You are nobody in particular")
}

func TestTextsBesideEachOtherAreChosen(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.writes(t, "ann-lee", id, "lessons", "", "Test the rollback.")
	s.writes(t, "bob", id, "lessons", "", "Alert on the queue.")
	s.writes(t, "bob", id, "lessons", "Alert on the queue.", "Alert on the queue, early.")
	s.get(t, at).says(t, 200, "2 texts stand beside each other", "Bob &lt;b&gt;Bold&lt;/b&gt; wrote", "early.", "Test the rollback.")
	s.post(t, at+"/sections/lessons/choose", "text", "Test the rollback. Alert early.").says(t, 200, "!stand beside each other", "Test the rollback. Alert early.")
}

func TestCommentsAndSuggestions(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.writes(t, "bob", id, "lessons", "", "Alert on the queue.")
	say := at + "/sections/lessons/"
	s.post(t, say+"comments", "text", "Which queue?", "passage", "the queue").says(t, 200, "Which queue?", "<blockquote>the queue</blockquote>", `class="hs-mark hs-mark-comment"`)
	s.post(t, say+"comments", "text", "", "passage", "").says(t, 422)
	s.post(t, say+"comments", "text", "x", "passage", "not there", "instead", "y").says(t, 422, "does not say that")
	s.post(t, say+"comments", "passage", "the queue", "instead", "the order queue").says(t, 200, "suggestion", "<ins>order </ins>")
	r, _, err := s.Retros.Get(t.Context(), auth.Local().Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	first, second := r.Comments[0].ID, r.Comments[1].ID
	s.post(t, say+"comments", "of", first, "text", "The order queue.").says(t, 200, "hs-answer", "The order queue.")
	s.post(t, say+"decide", "comment", second, "accept", "yes").says(t, 200, "accepted by local", "Alert on the order queue.")
	s.post(t, say+"decide", "comment", second, "accept", "yes").says(t, 422, "was accepted already")
	s.post(t, say+"resolve", "comment", first, "resolved", "yes").says(t, 200, "2 settled threads", "Open again")
	s.post(t, say+"resolve", "comment", first, "resolved", "no").says(t, 200, "1 settled thread")
}

func TestBlameIsShownAndTaken(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.writes(t, "bob", id, "what-happened", "", "The engineer forgot to renew the certificate. It was human error.")
	s.get(t, at).says(t, 200, "Say it so", `hs-mark-blame`, "The step to renew the certificate was easy to miss")
	s.post(t, at+"/sections/what-happened/rephrase", "sentence", "The engineer forgot to renew the certificate.", "instead", "It was easy to miss.").says(t, 200, "It was easy to miss. <mark")
	s.post(t, at+"/sections/what-happened/rephrase", "sentence", "gone", "instead", "x").says(t, 409)
	s.post(t, at+"/sections/what-happened/dismiss", "sentence", "It was human error.").says(t, 200, "!Say it so", "!hs-mark")
}

func TestPicturesAreWhatTheyAre(t *testing.T) {
	s, id := written(t)
	at := s.url + "/retrospectives/" + string(id) + "/pictures"
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	send := func(body string) answer {
		r, err := s.client.Post(at, "image/png", strings.NewReader(body))
		return s.answered(t, r, err)
	}
	got := send(png).says(t, 200, "[picture](image:")
	hash := strings.TrimSuffix(got.body[strings.Index(got.body, "image:")+6:][:65], ")")
	back := s.get(t, "/pictures/"+hash).says(t, 200)
	if back.body != png || back.header.Get("Content-Type") != "image/png" || back.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(back.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("got %q %v", back.body, back.header)
	}
	send("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>").says(t, 422, "expected a PNG")
	send("<html>").says(t, 422, "expected a PNG")
	send(png+strings.Repeat("x", 5<<20)).says(t, 422, "5 MB")
	other, err := s.Records.PutBlob(t.Context(), auth.Local(), "page", "text/html", strings.NewReader("<html><script>alert(1)</script>"))
	if err != nil {
		t.Fatal(err)
	}
	s.get(t, "/pictures/"+other).says(t, 404)
	s.get(t, "/pictures/..%2f..%2fetc").says(t, 404)
}

func TestExportsAndCompletions(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	for format, want := range map[string]string{"markdown": "# Checkout was slow", "html": "<h1", "word": "<h1", "confluence": "<h1"} {
		s.get(t, at+"/export?format="+format).says(t, 200, want)
	}
	s.get(t, at+"/export?format=exe").says(t, 422)
	s.writes(t, "bob", id, "lessons", "", "Ask @ann-lee about #file:A-3 [^milestone:detected] and #nothing.\n\n```hansei figure time_to_resolve\n```\n\nEnd.\n")
	s.get(t, at+"/export?format=markdown").says(t, 200, "Ask @Ann Lee about Nobody could log in (10:05 UTC) and #nothing.", "*figure time_to_resolve*", "!```", "End.")
	s.get(t, at+"/complete?q=%40ann").says(t, 200, `"insert":"@ann-lee"`, "!bob")
	s.get(t, at+"/complete?q=%23").says(t, 200, `"insert":"[^milestone:`, `"hint":"incident"`)
	s.get(t, at+"/complete?q=x").says(t, 422)
	head, err := s.Records.Head(t.Context(), auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Search.Wait(t.Context(), head.Seq); err != nil {
		t.Fatal(err)
	}
	s.get(t, at+"/complete?q=%23nobody+could").says(t, 200, "Nobody could log in")
}

func TestAPageHearsWhoIsThereAndWhatChanged(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id) + "/here"
	s.writes(t, "bob", id, "lessons", "", "Alert on the queue.")
	s.post(t, at, "tab", "a", "section", "lessons").says(t, 200, `"id":"lessons"`, "!\"here\"")
	s.post(t, at, "tab", "b").says(t, 200, `"here":[{"name":"local","section":"lessons"}]`)
	s.post(t, at, "tab", "a", "left", "yes").says(t, 204)
	s.post(t, at, "tab", "b").says(t, 200, "!\"here\"")
	s.post(t, at, "tab", "b", "shows", "{").says(t, 422)
}

func TestLiveBlocksFreeze(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	block := "```hansei figure time_to_resolve\n```\n\n```hansei chart incident_rate since=2025-01-01\n```\n\n```hansei figure nothing\n```\n\n```hansei timeline\n```\n"
	s.post(t, at+"/sections/impact", "base", s.text(t, id, "impact"), "text", block).
		says(t, 200, "Time to resolve", "live; it freezes when this is published", "there is no metric", "hs-told", "/metrics/time_to_resolve/records?")
	r, err := http.NewRequest(http.MethodPost, s.url+at+"/preview", strings.NewReader("text=**b**"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if text, err := io.ReadAll(res.Body); err != nil || strings.TrimSpace(string(text)) != "<p><strong>b</strong></p>" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestHistoryIsComparedAndRestored(t *testing.T) {
	s, id := written(t)
	at := "/retrospectives/" + string(id)
	s.writes(t, "bob", id, "lessons", "", "Alert on the queue.")
	s.writes(t, "ann-lee", id, "lessons", "Alert on the queue.", "Alert on the order queue.")
	s.writes(t, "ann-lee", id, "lessons", "Alert on the order queue.", "Alert on the order queue early.")
	s.get(t, at+"/history").says(t, 200, "Ann Lee", "2 times, revisions 3 to 4", "Bob &lt;b&gt;")
	s.get(t, at+"/history?from=2&to=4").says(t, 200, "Lessons", "<ins>order queue early.</ins>", "Bring revision 2 back")
	s.get(t, at+"/history?from=0&to=1").says(t, 200, "All of revision 1")
	s.get(t, at+"/history?from=1&to=99").says(t, 404)
	s.get(t, at+"/history?from=x&to=2").says(t, 422)
	s.post(t, at+"/restore", "revision", "2", "section", "lessons").says(t, 200, "Revision 2 is back", `action="`+at+`/restore"`)
	if got := s.text(t, id, "lessons"); got != "Alert on the queue." {
		t.Errorf("got %q", got)
	}
	s.post(t, at+"/restore", "revision", "1").says(t, 200)
	if got := s.text(t, id, "lessons"); got != "" {
		t.Errorf("got %q", got)
	}
	s.post(t, at+"/restore", "revision", "4").says(t, 200)
	if got := s.text(t, id, "lessons"); got != "Alert on the order queue early." {
		t.Errorf("got %q", got)
	}
	s.post(t, at+"/restore", "revision", "400").says(t, 404)
}

func TestTheListIsNarrowedDown(t *testing.T) {
	s, id := written(t)
	ctx, who := t.Context(), auth.Local()
	other, _, err := s.Retros.Draft(ctx, who, "file:A-3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Retros.Describe(ctx, who, id, retro.Metadata{"owner": []byte(`"ann-lee"`), "due_at": []byte(`"2025-05-20T00:00:00Z"`)}); err != nil {
		t.Fatal(err)
	}
	seq, err := s.Retros.Describe(ctx, who, other, retro.Metadata{"due_at": []byte(`"2025-06-03T00:00:00Z"`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(ctx, seq); err != nil {
		t.Fatal(err)
	}
	both := []string{"Checkout was slow", "Nobody could log in"}
	for query, want := range map[string][]bool{
		"": {true, true}, "?state=draft": {true, true}, "?state=published": {false, false}, "?severity=sev2": {true, false}, "?owner=ann-lee": {true, false}, "?owner=none": {false, true},
		"?due=overdue": {true, false}, "?due=soon": {false, true}, "?q=log+in": {false, true}, "?complete=high": {false, false}, "?complete=low": {true, true}, "?service=nothing": {false, false},
		"?q=%27%20OR%201%3D1": {false, false},
	} {
		got := s.get(t, "/retrospectives"+query).says(t, 200)
		for i, title := range both {
			if strings.Contains(main(got.body), title) != want[i] {
				t.Errorf("%q: is %q there? want %t", query, title, want[i])
			}
		}
	}
	s.get(t, "/retrospectives").says(t, 200, "Draft 2", "Overdue 1", "Due within 7 days 1", "overdue since", "Ann Lee")
	for _, bad := range []string{"?state=x", "?due=x", "?complete=x", "?q=" + strings.Repeat("x", 201)} {
		s.get(t, "/retrospectives"+bad).says(t, 422)
	}
}

func TestAFactorThatRatersDisagreeOnIsGrey(t *testing.T) {
	s, id := written(t)
	page := s.get(t, "/retrospectives/"+string(id)+"/facts").says(t, 200, "Contributing factors")
	if strings.Contains(page.body, "hs-factor-weak") || strings.Contains(page.body, "agreement: ") {
		t.Error("nothing was coded twice, yet it says how far raters agree")
	}
	for n := 1; n <= 5; n++ { // the first chose one factor, the second another
		_, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
			return record.Put(tx, &hansei.Retrospective{Header: hansei.Header{ID: hansei.ID("twice" + strconv.Itoa(n))}, Title: "Twice", State: hansei.RetroDraft,
				Factors: []hansei.Factor{{Name: "testing gap"}}, Codings: []hansei.Coding{{By: "ann", Factors: []string{"capacity"}}}}, 0)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == 4 {
			s.get(t, "/retrospectives/"+string(id)+"/facts").says(t, 200, "too few, n = 4")
		}
	}
	s.get(t, "/retrospectives/"+string(id)+"/facts").says(t, 200, "hs-factor-weak", "κ 0.00, n = 5", "only one in 5")
}
