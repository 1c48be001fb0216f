package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

// Bad rows end as rejects that say what and where; the good ones go through.
func TestRejects(t *testing.T) {
	good := "9,good,2024-05-01T10:00:00Z,2024-05-01T11:00:00Z,5\n"
	for _, c := range []struct{ row, column, value, expected string }{
		{"1,x,1969-12-31T23:00:00Z,,\n", "started_at", "1969-12-31T23:00:00Z", "1970"},
		{"1,x,2100-01-01T00:00:00Z,,\n", "started_at", "2100-01-01T00:00:00Z", "2099"},
		{"1,x,2024-05-01T10:00:00Z,0900-01-01,\n", "resolved_at", "0900-01-01", "1970"},
		{"1,x,yesterday,,\n", "started_at", "yesterday", "a time"},
		{"1,x,2024-02-30,,\n", "started_at", "2024-02-30", "a time"},
		{"1,x,,2024-05-01T11:00:00Z,\n", "started_at", "", "start"},
		{",x,2024-05-01T10:00:00Z,,\n", "id", "", "an id"},
		{"?,x,2024-05-01T10:00:00Z,,\n", "id", "", "an id"},
		{"1,x,2024-05-01T10:00:00Z,,many\n", "customers_affected", "many", "a number"},
		{"1,x,2024-05-01T10:00:00Z,,-4\n", "customers_affected", "", "0 or more"},
		{"1,x\n", "", "1", "5 values"},
		{"1,\xff,2024-05-01T10:00:00Z,,\n", "title", "?", "UTF-8"},
		{"1,\"" + strings.Repeat("x", maxCell+1) + "\",2024-05-01T10:00:00Z,,\n", "title", strings.Repeat("x", 197) + "…", "1 MiB"},
	} {
		body := "id,title,started_at,resolved_at,customers_affected\n" + good + c.row + good
		_, rows, rejects := readAll(t, "incidents.csv", []byte(body), Options{})
		if len(rows) != 2 || len(rejects) != 1 {
			t.Errorf("%.60q: got %d rows, rejects %v; want 2 and one", c.row, len(rows), rejects)
			continue
		}
		r := rejects[0]
		if r.Line != 3 || r.Column != c.column || r.Value != c.value || !strings.Contains(r.Expected, c.expected) {
			t.Errorf("%.60q: got %+v; want line 3, column %q, value %q, expected …%s…", c.row, r, c.column, c.value, c.expected)
		}
	}
}

// What looks wrong but may be true is kept for people to see.
func TestKept(t *testing.T) {
	_, rows, rejects := readAll(t, "incidents.csv", []byte("id,title,status,started_at,resolved_at\n"+
		"1,ends before it starts,resolved,2024-05-01T10:00:00Z,2024-05-01T09:00:00Z\n"+
		"2,resolved at no time,resolved,2024-05-01T10:00:00Z,\n"+
		"2,said again,closed,2024-05-01T10:00:00Z,\n"), Options{})
	if len(rows) != 3 || len(rejects) != 0 {
		t.Fatalf("got %d rows, rejects %v", len(rows), rejects)
	}
	if bad := rows[0].Record.(*hansei.Incident).Milestones.OutOfOrder(); len(bad) != 1 {
		t.Errorf("the negative duration is not kept as it was said: %v", rows[0].Record)
	}
	if s := rows[1].Record.(*hansei.Incident).Status; s != hansei.StatusResolved {
		t.Errorf("status %q; want it as the source says", s)
	}
	if rows[1].Key != rows[2].Key {
		t.Errorf("rows with one id have keys %v and %v", rows[1].Key, rows[2].Key)
	}
}

func TestUnreadable(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"empty.csv", "", "0 bytes"},
		{"names.csv", "id,started_at\n", "no rows"},
		{"what.csv", "foo,bar\n1,2\n", "kind"},
		{"list.json", "[]", "no rows"},
		{"numbers.json", "[1,2]", "no row"},
		{"book.csv", "PK\x03\x04", "Excel"},
	} {
		_, err := Inspect(c.name, strings.NewReader(c.body), Options{})
		var invalid *hansei.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an InvalidError that says %q", c.name, err, c.want)
		}
	}
}

// A column that first appears after what Inspect saw is not lost.
func TestLateColumns(t *testing.T) {
	var b bytes.Buffer
	for i := range inspectRows + 1 {
		fmt.Fprintf(&b, `{"id":%d,"title":"x","started_at":"2024-05-01T10:00:00Z"}`+"\n", i)
	}
	b.WriteString(`{"id":"last","title":"x","started_at":"2024-05-01T10:00:00Z","severity":"high","mitigated_at":"2024-05-01T10:30:00Z","region":"eu","status":{"self":"x"}}`)
	p, rows, rejects := readAll(t, "incidents.jsonl", b.Bytes(), Options{})
	if len(rejects) > 0 || p.Complete {
		t.Fatalf("rejects %v, complete %t", rejects, p.Complete)
	}
	in := rows[len(rows)-1].Record.(*hansei.Incident)
	_, mitigated := in.Milestones.At(hansei.RoleMitigated)
	if in.Severity != "sev2" || !mitigated || in.Custom["region"] != "eu" {
		t.Errorf("got severity %q, mitigated %t, custom %v", in.Severity, mitigated, in.Custom)
	}
}

// An event log is right even where the repeats come after what Inspect saw.
func TestLateRepeats(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("id,status,started_at\n")
	for i := range inspectRows + 10 {
		fmt.Fprintf(&b, "%d,open,2024-05-01T10:00:00Z\n", i)
	}
	b.WriteString("7,closed,2024-05-01T10:00:00Z\n")
	p, rows, _ := readAll(t, "incidents.csv", b.Bytes(), Options{})
	if last := rows[len(rows)-1]; p.EventLog || last.Key != rows[7].Key || last.Record.(*hansei.Incident).Status != hansei.StatusClosed {
		t.Errorf("event log %t, last row %+v", p.EventLog, last)
	}
}

// The order of day and month is found even where the first rows do not show it.
func TestLateDates(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("id,started_at\n")
	for i := range 3 * inspectRows {
		fmt.Fprintf(&b, "%d,%02d/02/2024 10:00\n", i, 1+i/500)
	}
	b.WriteString("x,13/02/2024 10:00\n")
	p, rows, rejects := readAll(t, "incidents.csv", b.Bytes(), Options{})
	began, _ := rows[0].Record.(*hansei.Incident).Milestones.At(hansei.RoleBegan)
	if p.DateOrder != "day-month-year" || began.Month() != time.February || len(rejects) > 0 {
		t.Errorf("order %q, first %v, %d rejects", p.DateOrder, began, len(rejects))
	}
}

func TestWithoutID(t *testing.T) {
	body := "title,service,started_at,severity\nslow,shop,2024-05-01T10:00:00Z,1\nslow,web,2024-05-01T10:00:00Z,1\nslow,shop,2024-05-01T10:00:00Z,2\n"
	p, rows, _ := readAll(t, "incidents.csv", []byte(body), Options{})
	if rows[0].Key == rows[1].Key || rows[0].Key != rows[2].Key {
		t.Errorf("keys %v %v %v; want the first and last alike", rows[0].Key, rows[1].Key, rows[2].Key)
	}
	if p.Key != "" || !strings.Contains(strings.Join(p.Notes, " "), "no column holds an id") {
		t.Errorf("key %q, notes %v", p.Key, p.Notes)
	}
}

func TestZone(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	p, rows, _ := readAll(t, "incidents.csv", []byte("id,started_at,resolved_at_utc\n1,2024-05-01 10:00,2024-05-01 10:00\n"), Options{Zone: zone})
	in := rows[0].Record.(*hansei.Incident)
	began, _ := in.Milestones.At(hansei.RoleBegan)
	resolved, _ := in.Milestones.At(hansei.RoleResolved)
	if p.Zone != "Asia/Tokyo" || began.Hour() != 1 || resolved.Hour() != 10 {
		t.Errorf("zone %s: began %v, resolved %v", p.Zone, began, resolved)
	}
}

func TestPreview(t *testing.T) {
	body := []byte("id,started_at\n1,2024-05-01\n2,never\n3,2024-05-01\n4,2024-05-01\n")
	p, err := Inspect("incidents.csv", bytes.NewReader(body), Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, rejects, err := p.Preview(bytes.NewReader(body), 2)
	if err != nil || len(rows) != 2 || len(rejects) != 1 {
		t.Errorf("got %d rows, %d rejects, %v; want 2, 1, none", len(rows), len(rejects), err)
	}
}

func TestCallbackErrors(t *testing.T) {
	body := []byte("id,started_at\n1,2024-05-01\n2,never\n")
	p, err := Inspect("incidents.csv", bytes.NewReader(body), Options{})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := Observe(bytes.NewReader(body), p, func(hansei.Observation) error { return stop }, func(Reject) error { return nil }); !errors.Is(err, stop) {
		t.Errorf("emit's error is lost: %v", err)
	}
	if err := Observe(bytes.NewReader(body), p, func(hansei.Observation) error { return nil }, func(Reject) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("reject's error is lost: %v", err)
	}
}

// Whatever the bytes, reading does not panic, and reading again is the same.
func FuzzObserve(f *testing.F) {
	for _, name := range []string{"testdata/servicenow.csv", "testdata/statuspage.jsonl"} {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body[:min(len(body), 2000)], 0)
	}
	f.Add([]byte("id,severity,started_at,services\n1,p1,03/04/2024,\"a;b\"\n"), 0)
	f.Add([]byte(`{"incidents":[{"id":1,"milestones":[{"type":"started","occurred_at":"2024-05-01"}],"created_at":1714557600}]}`), 0)
	f.Add([]byte("id,environment,result,finished_at\n1,prod-eu,ok,2024-05-01\n"), 1)
	f.Add([]byte("number,repo,merged_at,labels\n1,x,2024-05-01,\"[\"\"a\"\"]\"\n"), 2)
	f.Fuzz(func(t *testing.T, body []byte, kind int) {
		o := Options{Kind: hansei.Kinds[max(kind, 0)%10]}
		p, err := Inspect("x", bytes.NewReader(body), o)
		if err != nil {
			return
		}
		rows, rejects, err := observeAll(bytes.NewReader(body), p)
		rows2, rejects2, err2 := observeAll(bytes.NewReader(body), p)
		if diff := cmp.Diff(rows, rows2); diff != "" || fmt.Sprint(rejects, err) != fmt.Sprint(rejects2, err2) {
			t.Fatalf("two readings differ: %v %v\n%s", err, err2, diff)
		}
		for _, row := range rows {
			row.Record.Head().ID = row.Key.ID()
			if err := row.Record.Validate(); err != nil {
				t.Fatalf("an observation is not valid: %v", err)
			}
		}
	})
}
