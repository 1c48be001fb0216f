package forget

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
)

// TestMergedIsForgottenToo: who was merged with who was merged with a person is
// that person, and so is what sources call any of them: in payloads, however
// they are written, and in the times that stand beside lists.
func TestMergedIsForgottenToo(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		inFiles(t, dir, "closed")
	}()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	person := func(id, name, login string, into hansei.ID) *hansei.Person {
		return &hansei.Person{Header: hansei.Header{ID: hansei.ID(id), MergedInto: into, From: []hansei.Observed{{Source: "gh", External: login}}}, Name: name}
	}
	write(t, s, who, person("zyxann-maiden", "Zyxann Maiden", "zyxm", "zyxann-s"), person("zyxann-s", "Zyxann S", "zyxs", "zyxann-smith"), person("zyxann-smith", "Zyxann Smith", "zyxsmith", ""), person("bob", "Bob", "bob", ""))
	for i := range 2 {
		from := hansei.Observed{Source: "pd", External: "Q1", At: at, Stamps: map[string]time.Time{"responders/zyxann-maiden": at, "responders/bob": at}}
		write(t, s, who, &hansei.Incident{Header: hansei.Header{ID: "i", From: []hansei.Observed{from}, Custom: map[string]string{"n": fmt.Sprint(i)}}, Title: "Down", Milestones: hansei.Milestones{{Role: hansei.RoleBegan, At: at}},
			Responders: []hansei.ID{"zyxann-maiden", "bob"}})
	}
	for i, text := range []string{`{"login":"zyxs"}`, `{"title":"\u005ayxann S"}`, `{"login":"bob","n":1}`} {
		if _, _, err := s.PutDelivery(ctx, who, hansei.Delivery{Source: "gh", Name: fmt.Sprint(i)}, "{}", strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	c := &Clerk{Records: s, Random: func() string { n++; return fmt.Sprint("r", n) }}
	out, err := c.Forget(ctx, who, "zyxann-smith", "Zyxann Smith", nil)
	if err != nil || out.Payloads != 2 || n != 3 {
		t.Fatalf("got %+v of %d people, %v; want two payloads taken away, and three people who are one", out, n, err)
	}
	inFiles(t, dir, "open")
	in, _, err := record.Get[*hansei.Incident](ctx, s, who.Scope(), "i")
	if err != nil || in.Responders[0] != "former-r3" || !in.From[0].Stamps["responders/former-r3"].Equal(at) || !in.From[0].Stamps["responders/bob"].Equal(at) {
		t.Errorf("got %+v, %v", in, err)
	}
	merged, _, err := record.Get[*hansei.Person](ctx, s, who.Scope(), "former-r3")
	if err != nil || merged.Name != Former || merged.MergedInto != out.ID {
		t.Errorf("got %+v, %v", merged, err)
	}
}
