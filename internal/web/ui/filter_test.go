package ui

import (
	"net/url"
	"testing"
)

func TestQueryKeepsWhatThePageShares(t *testing.T) {
	u, err := url.Parse("/incidents?since=2025-01-01&where=service%3Dapi&where=&where=service%3Dapi&where=status!%3Dopen&sort=began&cursor=c9&compare=custom&compare-since=2024-01-01&compare-until=2025-01-01")
	if err != nil {
		t.Fatal(err)
	}
	q := ReadQuery(u)
	if q.Compare != "2024-01-01..2025-01-01" || len(q.Where) != 2 || q.Rest.Get("sort") != "began" {
		t.Fatalf("got %+v", q)
	}
	for _, c := range []struct{ name, got, want string }{
		{"same", q.URL(), "/incidents?compare=2024-01-01..2025-01-01&cursor=c9&since=2025-01-01&sort=began&where=service%3Dapi&where=status%21%3Dopen"},
		{"with", q.With("service", "pages").URL(), "/incidents?compare=2024-01-01..2025-01-01&since=2025-01-01&sort=began&where=status%21%3Dopen&where=service%3Dpages"},
		{"without", q.Without("status!=open").URL(), "/incidents?compare=2024-01-01..2025-01-01&since=2025-01-01&sort=began&where=service%3Dapi"},
		{"between", q.Between("", "2026-01-01").To("/").URL(), "/?compare=2024-01-01..2025-01-01&until=2026-01-01&where=service%3Dapi&where=status%21%3Dopen"},
		{"empty", Query{Path: "/"}.URL(), "/"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, c.got, c.want)
		}
	}
	if q.Rest.Get("cursor") != "c9" || len(q.Where) != 2 {
		t.Errorf("the query itself changed: %+v", q)
	}
}

func TestFilterBarShowsEveryFilterOnce(t *testing.T) {
	b := FilterBar{
		Query:  Query{Where: []string{"service=api", "severity=sev9", "status!=open"}},
		Fields: []FilterField{{Name: "service", Options: []Option{{Value: "api"}}}, {Name: "severity", Options: []Option{{Value: "sev1"}}}},
	}
	if got := b.chosen(b.Fields[0]); got != "api" {
		t.Errorf("got %q", got)
	}
	if got := b.others(); len(got) != 2 || got[0] != "severity=sev9" || got[1] != "status!=open" {
		t.Errorf("got %q", got)
	}
}
