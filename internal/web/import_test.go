package web_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hansei/internal/auth"
	"hansei/internal/intake"
)

// drop uploads a file the way the wizard's first step does.
func (s *site) drop(t *testing.T, name, content string) answer {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	w, err := m.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := s.client.Post(s.url+"/imports/new", m.FormDataContentType(), &b)
	return s.answered(t, r, err)
}

func TestImportsAreEmptyAtFirst(t *testing.T) {
	s := newSite(t)
	s.get(t, "/imports").says(t, 200, "Nothing was imported yet", `href="/imports/new"`)
	s.get(t, "/imports/new").says(t, 200, "Drop a file here", `enctype="multipart/form-data"`)
	for _, path := range []string{"/imports/abc", "/imports/abc/raw", "/imports/abc/progress", "/imports/abc/beauty", "/imports/new/abc"} {
		s.get(t, path).says(t, 404, "There is nothing here")
	}
	s.get(t, "/imports?before=noon").says(t, 422, "is not a time")
}

func TestWizard(t *testing.T) {
	s := newSite(t)
	a := s.drop(t, `dir\incidents.csv`, "Number,Opened,Prio,Region,<i>\nI-1,2025-03-01 10:00,P1,eu,<script>x</script>\nI-2,soon,P2,us,\nI-3,2025-03-02 11:00,P2,us,\n")
	a.says(t, 200, "Import incidents.csv", "Number", "Opened", "As recognised", "recognised by its name", "&lt;script&gt;x", "!<script>x",
		"The first rows as records", "I-1", "1 row would be rejected", "soon", `formmethod="post"`)
	path := strings.Split(a.path, "?")[0]
	changes := url.Values{"name": {"incidents.csv"}, "kind": {"incident"}, "c.Prio": {"severity"}, "c.Region": {"-"}, "zone": {"Europe/Berlin"}}
	s.get(t, path+"?"+changes.Encode()).says(t, 200, "you said so", `<option value="severity" selected>`, "in Europe/Berlin", "P1")
	s.get(t, path+"?name=x.csv&zone=Mars").says(t, 422, "is not a time zone")
	s.get(t, path+"?name=x.csv&map=fields%3A+3").says(t, 422, "cannot be read like this")
	s.get(t, path+"?name=x.csv&c.Prio=beauty&kind=incident").says(t, 422, "is not a field of")
	a = s.post(t, path, "name", "incidents.csv", "kind", "incident", "c.Prio", "severity", "c.Region", "-", "zone", "Europe/Berlin")
	if !regexp.MustCompile(`^/imports/[0-9a-f]{32}$`).MatchString(a.path) {
		t.Fatalf("after the import at %s: %.500s", a.path, main(a.body))
	}
	s.settled(t)
	s.get(t, a.path).says(t, 200, "New records", "See the incidents", "1 row was rejected", "soon", "done")
	s.get(t, a.path+"/mapping").says(t, 200, "Prio", "Severity", "you said so", "How it was read")
	s.get(t, a.path+"/raw").says(t, 200, "I-1,2025-03-01 10:00,P1")
	s.get(t, "/incidents").says(t, 200, "2 incidents", "1 Mar 2025 09:00 UTC")
	s.post(t, path, "name", "incidents.csv", "kind", "incident", "c.Prio", "severity", "c.Region", "-", "zone", "Europe/Berlin").
		says(t, 200, "was imported before")
	s.post(t, a.path+"/replay").says(t, 200, "Unchanged")
	s.get(t, "/imports").says(t, 200, "incidents.csv", "done", "Replay")
}

// settled waits until the facts hold everything.
func (s *site) settled(t *testing.T) {
	t.Helper()
	head, err := s.Records.Head(t.Context(), auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(t.Context(), head.Seq); err != nil {
		t.Fatal(err)
	}
}

func TestWizardAsksWhatItCannotTell(t *testing.T) {
	s := newSite(t)
	s.drop(t, "x.csv", "alpha,beta\n1,2\n").says(t, 422, "What does each row stand for?", `name="kind"`)
	s.drop(t, "empty.csv", "").says(t, 422, "is empty")
	s.post(t, "/imports/new", "file", "x").says(t, 422, "no file came with the form")
}

func TestAnUploadThatBreaksOff(t *testing.T) {
	s := newSite(t)
	body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"incidents.csv\"\r\n\r\nid,title\n1,on"
	r, err := s.client.Post(s.url+"/imports/new", "multipart/form-data; boundary=x", strings.NewReader(body))
	a := s.answered(t, r, err).says(t, 422, "the upload of incidents.csv broke off")
	if got := a.header.Get("Content-Type"); got != "text/plain" {
		t.Errorf("got %q for a script", got)
	}
}

func TestFailedImport(t *testing.T) {
	s := newSite(t)
	d, _, err := s.Imports.Receive(t.Context(), auth.Local(), "<b>.csv", intake.Options{Kind: "incident"}, strings.NewReader("id,title,began_at\n1,x,1800-01-01T00:00:00Z\n"))
	if err != nil {
		t.Fatal(err)
	}
	s.get(t, "/imports/"+d.ID).says(t, 200, "waits its turn", "hx-get=", "!Replay")
	if _, err := s.Imports.Understand(t.Context(), auth.Local(), d.ID); err == nil {
		t.Fatal("it was understood")
	}
	s.get(t, "/imports/"+d.ID).says(t, 200, "could not be imported", "none of its rows", "1800", "Replay", "!<b>")
	s.get(t, "/imports").says(t, 200, "failed", "none of its rows", "Replay", "!<b>.csv")
	if _, err := s.Records.DropPayloads(t.Context(), auth.Local(), now, func(io.Reader) (bool, error) { return true, nil }); err != nil {
		t.Fatal(err)
	}
	s.get(t, "/imports/"+d.ID).says(t, 200, "There is no file", "none of its rows", "!is kept as it arrived", "!Replay", "!/raw", "!/mapping")
	s.get(t, "/imports").says(t, 200, "none of its rows", "!Replay")
	a := s.get(t, "/imports/"+d.ID+"/progress")
	if got := a.header.Get("HX-Redirect"); got != "/imports/"+d.ID {
		t.Errorf("got %q", got)
	}
}

func TestManyRejectsArePaged(t *testing.T) {
	s := newSite(t)
	var b strings.Builder
	b.WriteString("id,title,started_at\n")
	for i := range 500 {
		fmt.Fprintf(&b, "ok%d,fine,2025-01-01T00:00:00Z\n", i)
	}
	for i := range 250 {
		fmt.Fprintf(&b, "%d,x,never%d\n", i, i)
	}
	id := s.load(t, "incidents.csv", b.String())
	a := s.get(t, "/imports/"+id).says(t, 200, "250 rows were rejected", "never99", "!never100", `rel="next"`, "!rel=\"prev\"")
	if a.header.Get("Cache-Control") != "no-cache" {
		t.Error("the page may be cached")
	}
	s.get(t, "/imports/"+id+"?after=200").says(t, 200, "never249", "!never199", `rel="prev"`, `!rel="next"`)
	s.get(t, "/imports/"+id+"?after=x").says(t, 422)
	r, err := http.NewRequest(http.MethodPost, s.url+"/imports/"+id+"/beauty", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.client.Do(r)
	s.answered(t, res, err).says(t, 404)
}
