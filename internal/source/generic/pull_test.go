package generic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// api is a list of 250 things in pages of 100, in every way of paging.
func api(t *testing.T, style string) *httptest.Server {
	const total, size = 250, 100
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "k3y" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		from, err := 0, error(nil)
		switch q := r.URL.Query(); style {
		case "page":
			if from, err = strconv.Atoi(q.Get("page")); from < 1 {
				err = errors.New("pages are counted from 1")
			}
			from = (from - 1) * size
		case "offset":
			from, err = strconv.Atoi(q.Get("offset"))
		default:
			if v := q.Get("cursor"); v != "" {
				from, err = strconv.Atoi(v)
			}
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		items := []map[string]any{}
		for i := from; i < min(total, from+size); i++ {
			items = append(items, map[string]any{"number": fmt.Sprint(i), "short": "x", "opened": "2026-03-01T10:00:00Z"})
		}
		out := map[string]any{"items": items}
		if next := from + size; next < total {
			out["next"] = next
			base := "http://" + r.Host
			if style == "relative" {
				base = ""
			}
			w.Header().Set("Link", fmt.Sprintf(`<%s/list?cursor=%d>; rel="next", <%s/list>; rel="first"`, base, next, base))
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func run(t *testing.T, server *httptest.Server, emit func(source.Page) error) *source.Pull {
	t.Helper()
	return &source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Emit: emit}
}

func TestPull(t *testing.T) {
	for _, style := range []string{"link", "relative", "cursor", "page", "offset"} {
		t.Run(style, func(t *testing.T) {
			server := api(t, style)
			if style == "relative" {
				style = "link"
			}
			src := open1(t, settings("list_url", server.URL+"/list", "list_items", ".items[]", "pages", style, "next", ".next", "auth_header", "X-Key", "auth", "k3y"))
			st := src.(source.Puller).Streams()[0]
			seen, cursors, fail := map[string]int{}, []string{""}, true
			emit := func(p source.Page) error {
				if len(cursors) == 3 && fail {
					fail = false
					return errors.New("the disk is full")
				}
				cursors = append(cursors, p.Cursor)
				if len(p.Body) == 0 {
					return nil
				}
				said, err := src.Normalize(source.Delivery{Name: "pull/list", Body: p.Body})
				for _, o := range said {
					seen[o.Key.External]++
				}
				return err
			}
			if err := st.Pull(run(t, server, emit)); err == nil || len(seen) != 200 {
				t.Fatalf("a page that could not be stored: %v, %d things", err, len(seen))
			}
			again := run(t, server, emit)
			again.Cursor = cursors[len(cursors)-1]
			if err := st.Pull(again); err != nil || len(seen) != 250 {
				t.Fatalf("went on: %v, %d things", err, len(seen))
			}
			for id, n := range seen {
				if n != 1 {
					t.Fatalf("%s came %d times", id, n)
				}
			}
			if found := src.(source.Puller).Check(run(t, server, nil)); len(found) != 2 || !found[1].OK {
				t.Errorf("check: %+v", found)
			}
		})
	}
}

// TestTheSamePageForEver: a tool that heeds no number of a page is asked once
// more, and not for ever; what differs around the things is no other page. A
// list whose news fit one page ends, also when they are those of the run before.
func TestTheSamePageForEver(t *testing.T) {
	asked, heeds := 0, false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		thing := `{"number":"1","short":"x","opened":"2026-03-01T10:00:00Z"}`
		if q := r.URL.Query(); heeds && q.Get("page") != "1" && q.Get("offset") != "0" {
			thing = ""
		}
		asked++
		fmt.Fprintf(w, `{"request":%d,"items":[%s]}`, asked, thing)
	}))
	defer server.Close()
	for style, says := range map[string]string{"page": "page_param: the tool answers page=2 with the same things", "offset": "page_param: the tool answers offset=1 with the same things"} {
		st := open1(t, settings("list_url", server.URL, "list_items", ".items[]", "pages", style)).(source.Puller).Streams()[0]
		var pages []source.Page
		p := run(t, server, func(x source.Page) error { pages = append(pages, x); return nil })
		pull := func() error {
			if asked = 0; len(pages) > 0 {
				p.Cursor = pages[len(pages)-1].Cursor
			}
			return st.Pull(p)
		}
		heeds = false
		if err := pull(); err == nil || !strings.Contains(err.Error(), says) || asked != 2 || len(pages) != 1 {
			t.Errorf("%s: asked %d times, %d pages, %v", style, asked, len(pages), err)
		}
		if err := pull(); err == nil || asked != 1 || len(pages) != 1 {
			t.Errorf("%s, gone on with: asked %d times, %d pages, %v", style, asked, len(pages), err)
		}
		heeds = true
		for range 3 {
			if err := pull(); err != nil || !pages[len(pages)-1].Through.Equal(p.Now) {
				t.Errorf("%s, one page: %v", style, err)
			}
		}
	}
}

// TestWhereCountingBegins: at 1, or with the number that the URL names.
func TestWhereCountingBegins(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		at := q.Get("p") + q.Get("offset")
		asked = append(asked, at)
		if n, err := strconv.Atoi(at); err != nil || n < 3 {
			fmt.Fprintf(w, `[{"number":%q,"short":"x","opened":"2026-03-01T10:00:00Z"}]`, "n"+at)
			return
		}
		fmt.Fprint(w, `[]`)
	}))
	defer server.Close()
	for _, c := range []struct{ pages, query, want string }{
		{"page", "", "1 2 3"}, {"page", "?p=0", "0 1 2 3"}, {"page", "?x=y&p=2", "2 3"}, {"offset", "", "0 1 2 3"}, {"offset", "?offset=1", "1 2 3"},
	} {
		asked = nil
		more := map[string]string{"page": "p", "offset": ""}[c.pages]
		src := open1(t, settings("list_url", server.URL+"/"+c.query, "pages", c.pages, "page_param", more))
		if err := src.(source.Puller).Streams()[0].Pull(run(t, server, func(source.Page) error { return nil })); err != nil || strings.Join(asked, " ") != c.want {
			t.Errorf("%s of %q: asked for %q, %v", c.pages, c.query, asked, err)
		}
	}
	var bad *hansei.InvalidError
	if _, err := New(source.Config{Name: "x", Settings: settings("list_url", server.URL+"/?page=one", "pages", "page")}); !errors.As(err, &bad) || bad.Field != "list_url" {
		t.Errorf("a page that is no number: %v", err)
	}
}

// TestReadAnew: with other pages there is history that was not read.
func TestReadAnew(t *testing.T) {
	for _, x := range Kind.Settings {
		if want := slices.Contains([]string{"list_url", "pages", "next", "page_param"}, x.Name); x.Place != want {
			t.Errorf("%s: read anew when it changes: %v", x.Name, x.Place)
		}
	}
}

// TestCheckSaysWhatIsNotRead: a person who tries a list hears of pages that a
// pull would leave out.
func TestCheckSaysWhatIsNotRead(t *testing.T) {
	const thing = `{"number":"%s","short":"x","opened":"2026-03-01T10:00:00Z"}`
	for _, c := range []struct {
		pages, link, around, says string
	}{
		{"none", `</list?page=2>; rel="next"`, `{"items":[%s]}`, "Set pages to link."},
		{"none", `</list>; rel="first"`, `{"items":[%s]}`, ""},
		{"none", "", `{"items":[%s],"next":"/list?page=2"}`, "Set pages to cursor, and next to .next."},
		{"none", "", `{"items":[%s],"next_page":2}`, "next to .next_page."},
		{"none", "", `{"items":[%s],"has_more":true,"meta":{"nextCursor":"x"}}`, "next to .meta.nextCursor."},
		{"none", "", `{"items":[%s],"_links":{"next":{"href":"/list?page=2"}}}`, "next to ._links.next.href."},
		{"none", "", `{"items":[%s],"@odata.nextLink":"/list?page=2"}`, `next to ."@odata.nextLink".`},
		{"none", "", `{"items":[%s],"has_more":true}`, "Set pages to page or offset"},
		{"none", "", `{"items":[%s],"pagination":{"has_next":true}}`, ".pagination.has_next"},
		{"none", "", `{"items":[%s],"has_more":false,"next":null,"next_cursor":"","links":{"next":false},"nextStep":"x"}`, ""},
		{"link", "", `{"items":[%s],"next":"/list?page=2"}`, ""},
		{"page", "", `{"items":[%s]}`, "write page=0 into list_url."},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", c.link)
			fmt.Fprintf(w, c.around, fmt.Sprintf(thing, "n"+r.URL.Query().Get("page")))
		}))
		src := open1(t, settings("list_url", server.URL+"/list", "list_items", ".items[]", "pages", c.pages))
		found := src.(source.Puller).Check(run(t, server, nil))
		said := ""
		for _, f := range found {
			if !f.OK {
				said += f.Says
			}
		}
		if (said != "") != (c.says != "") || !strings.Contains(said, c.says) || len(found) < 2 || !found[len(found)-1].OK {
			t.Errorf("%+v: %+v", c, found)
		}
		server.Close()
	}
}

func TestFaults(t *testing.T) {
	for _, style := range []string{"link", "cursor", "page", "offset"} {
		server := api(t, style)
		p := run(t, server, nil)
		sourcetest.Survives(t, server, p.From, p.Now, "k3y", func() source.Stream {
			return open1(t, settings("list_url", server.URL+"/list", "list_items", ".items[]", "pages", style, "next", ".next", "auth_header", "X-Key", "auth", "k3y")).(source.Puller).Streams()[0]
		})
	}
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"items":[{"number":"1","short":"x","opened":"2026-03-01T10:00:00Z"}],"next":%q}`, other.URL+"/steal")
	}))
	defer server.Close()
	src := open1(t, settings("list_url", server.URL, "list_items", ".items[]", "pages", "cursor", "next", ".next", "auth", "Bearer k3y"))
	err := src.(source.Puller).Streams()[0].Pull(run(t, server, func(source.Page) error { return nil }))
	if err == nil || !strings.Contains(err.Error(), "another host") || strings.Contains(err.Error(), "k3y") {
		t.Errorf("got %v", err)
	}
}
