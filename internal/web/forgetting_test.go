package web_test

import (
	"testing"

	"hansei/internal/auth"

	"hansei"
	"hansei/internal/record"
)

func TestAPersonIsForgotten(t *testing.T) {
	s := newSite(t)
	seq, err := s.Records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		return record.Put(tx, &hansei.Person{Header: hansei.Header{ID: "zyx"}, Name: "Zyxann Lee", Email: "zyx@x.example"}, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(t.Context(), seq); err != nil {
		t.Fatal(err)
	}
	s.get(t, "/records/person/zyx").says(t, 200, "Zyxann Lee", `href="/people/zyx/forget"`)
	s.get(t, "/people/zyx/forget").says(t, 200, "Type Zyxann Lee to confirm", "It cannot be undone")
	s.get(t, "/people/nobody/forget").says(t, 404)
	s.post(t, "/people/zyx/forget", "name", "zyx").says(t, 422, `id="name-error"`)
	s.post(t, "/people/zyx/forget", "name", "Zyxann Lee").says(t, 200, "a former colleague", "They are forgotten", "!Zyxann")
	s.get(t, "/records/person/zyx").says(t, 404)
}
