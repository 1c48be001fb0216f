package duck

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func open(t testing.TB) *Conn {
	t.Helper()
	db, err := Open("", map[string]string{"threads": "2"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAppendAndRead(t *testing.T) {
	c, ctx := open(t), context.Background()
	if err := c.Exec(ctx, "create table x(s varchar, f double, n bigint, b boolean, t timestamp)"); err != nil {
		t.Fatal(err)
	}
	a, err := c.Appender("main", "x")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 1, 2, 3, 4, 5, 6000, time.UTC)
	const rows = 5000 // more than two chunks
	for i := range rows {
		s := fmt.Sprint("short", i)
		if i%2 == 1 {
			s = fmt.Sprint("a string longer than twelve bytes ", i)
		}
		a.String(0, s)
		a.Float(1, float64(i)/2)
		a.Int(2, int64(i))
		a.Bool(3, i%3 == 0)
		if i%5 == 0 {
			a.Null(4)
		} else {
			a.Time(4, at)
		}
		if err := a.Row(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := c.Query(ctx, "select s, f, n, b, t from x order by n")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	i := 0
	for r.Next() {
		ss, ff, nn, tt, bb := r.Strings(0), r.Float64s(1), r.Int64s(2), r.Values(4), r.Values(3)
		for k := range r.Rows() {
			want := fmt.Sprint("short", i)
			if i%2 == 1 {
				want = fmt.Sprint("a string longer than twelve bytes ", i)
			}
			if ss[k] != want || ff[k] != float64(i)/2 || nn[k] != int64(i) || bb[k] != (i%3 == 0) {
				t.Fatalf("row %d: got %q %v %v %v", i, ss[k], ff[k], nn[k], bb[k])
			}
			if i%5 == 0 && tt[k] != nil || i%5 != 0 && tt[k] != at {
				t.Fatalf("row %d: got time %v", i, tt[k])
			}
			i++
		}
	}
	if i != rows {
		t.Errorf("got %d rows, want %d", i, rows)
	}
}

func TestListsAndTypes(t *testing.T) {
	c := open(t)
	r, err := c.Query(context.Background(), "select g, list(v order by v), sum(g) from (values (1,1.5::double),(1,2.5),(2,4)) x(g,v) group by g order by g")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if !r.Next() {
		t.Fatal("no rows")
	}
	if got := fmt.Sprint(r.Lists(1), r.Values(2)); got != "[[1.5 2.5] [4]] [2 2]" {
		t.Errorf("got %s", got)
	}
}

func TestDescribe(t *testing.T) {
	c := open(t)
	for _, tc := range []struct {
		sql      string
		n        int
		readOnly bool
		bad      bool
	}{
		{"select 1", 1, true, false},
		{"select 1; select 2", 2, true, false},
		{"create table y(a int)", 1, false, false},
		{"explain select 1", 1, true, false},
		{"selec 1", 0, false, true},
		{"", 0, false, false},
	} {
		p, err := c.Describe(tc.sql)
		if (err != nil) != tc.bad || p.Statements != tc.n || p.ReadOnly != tc.readOnly {
			t.Errorf("%q: got %+v, %v", tc.sql, p, err)
		}
	}
}

func TestInterrupt(t *testing.T) {
	c := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, err := c.Query(ctx, "select count(*) from range(10000000000) a, range(1000) b where a.range % 7 = b.range")
	if err != context.DeadlineExceeded {
		t.Errorf("got %v, want the deadline", err)
	}
}

func BenchmarkMillionValuesByGroup(b *testing.B) {
	c, ctx := open(b), context.Background()
	if err := c.Exec(ctx, "create table m as select (random()*365)::int d, 'svc-'||(random()*200)::int s, exp(random()*10) v from range(1000000)"); err != nil {
		b.Fatal(err)
	}
	for name, q := range map[string]string{
		"list12":  "select d//31, list(v) from m group by 1",
		"list200": "select s, list(v) from m group by 1",
		"raw":     "select d, v from m",
		"count":   "select s, d//31, count(*) from m group by all",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, err := c.Query(ctx, q)
				if err != nil {
					b.Fatal(err)
				}
				sum := 0.0
				for r.Next() {
					switch name {
					case "list12", "list200":
						for _, l := range r.Lists(1) {
							sum += float64(len(l))
						}
					case "raw":
						for _, f := range r.Float64s(1) {
							sum += f
						}
					}
				}
				r.Close()
			}
		})
	}
}
