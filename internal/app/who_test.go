package app

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func TestWhoIsAPersonOfTheRecord(t *testing.T) {
	a, err := New(t.Context(), Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = a.records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for _, p := range []*hansei.Person{
			{Header: hansei.Header{ID: "ann"}, Name: "Ann Lee"},
			{Header: hansei.Header{ID: "annie", MergedInto: "ann"}, Name: "Annie"},
			{Header: hansei.Header{ID: "gone", Deleted: true}, Name: "Gone"},
			{Header: hansei.Header{ID: "o'brien é"}, Name: "O'Brien"},
		} {
			if err := record.Put(tx, p, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ header, cookie, want string }{
		{"", "", "local"},
		{"ann", "", "ann"},
		{"annie", "", "ann"},
		{"nobody", "", ""},
		{"gone", "", ""},
		{"", "ann", "ann"},
		{"", "annie", "ann"},
		{"", "nobody", "local"},
		{"", "gone", "local"},
		{"", "o%27brien+%C3%A9", "o'brien é"},
		{"ann", "gone", "ann"},
		{"jobs", "", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if c.header != "" {
			r.Header.Set(auth.PersonHeader, c.header)
		}
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: auth.PersonCookie, Value: c.cookie})
		}
		got, err := a.who(r)
		if (err != nil) != (c.want == "") || err == nil && got.Name != c.want {
			t.Errorf("header %q, cookie %q: got %q, %v; want %q", c.header, c.cookie, got.Name, err, c.want)
		}
	}
}
