package connect

import (
	"testing"

	"hansei/internal/record"
	"hansei/internal/source"
)

// TestListedLater: of what is listed later the history is not read yet, so that
// the source's is not whole until a run came to the end that was begun since.
// What was read stays read, unless the tool is at another place.
func TestListedLater(t *testing.T) {
	r := newRig(t)
	if _, err := r.Add(t.Context(), who, Spec{Tool: "toy", Name: "ours", Settings: map[string]string{"boxes": "red, blue"}}); err != nil {
		t.Fatal(err)
	}
	state := func() record.PullState {
		t.Helper()
		list, err := record.Pulls(t.Context(), r.Records, who.Scope(), "ours")
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0]
	}
	// pull runs the stream, whose one page is there anew; meanwhile something happens.
	pull := func(meanwhile func()) {
		t.Helper()
		o, err := r.find(t.Context(), who.Scope(), "ours")
		if err != nil {
			t.Fatal(err)
		}
		tool := o.source.(*toy)
		tool.ask = func(p *source.Pull) error { meanwhile(); p.Cursor = ""; return nil }
		tool.pages, tool.tells = [][]byte{[]byte("[]")}, []source.Page{{Through: r.now}}
		if err := r.PullStream(t.Context(), who, "ours", "events", r.hooks.Packer); err != nil {
			t.Fatal(err)
		}
	}
	set := func(name, value string) {
		t.Helper()
		r.jobs = nil
		if _, err := r.Edit(t.Context(), who, "ours", Change{Settings: map[string]string{name: value}}); err != nil {
			t.Fatal(err)
		}
	}
	pull(func() {})
	if !state().Whole {
		t.Fatal("it is not whole at first")
	}
	for _, c := range []struct {
		name, value  string
		whole, keeps bool
	}{{"boxes", "blue,red", true, true}, {"boxes", "red", true, true}, {"boxes", "red green", false, true}, {"boxes", "", false, true}, {"boxes", "red", false, true}, {"token", "other", true, true}, {"site", "elsewhere", false, false}, {"site", "elsewhere/", true, true}, {"site", "", false, false}} {
		set(c.name, c.value)
		list, err := record.Pulls(t.Context(), r.Records, who.Scope(), "ours")
		if err != nil {
			t.Fatal(err)
		}
		kept := len(list) == 1 && list[0].Cursor != ""
		if kept != c.keeps || kept && (list[0].Whole != c.whole || list[0].Through.IsZero() == c.whole) || (len(r.jobs) == 1) == c.whole {
			t.Errorf("%s %q: %+v, jobs %v", c.name, c.value, list, r.jobs)
		}
		v, err := r.Get(t.Context(), who.Scope(), "ours")
		if st := v.Streams[0]; err != nil || st.Whole != c.whole || !c.whole && st.Progress != 0 {
			t.Errorf("%s %q: shown as %+v, %v", c.name, c.value, st, err)
		}
		pull(func() {})
		if !state().Whole {
			t.Errorf("%s %q: it does not become whole", c.name, c.value)
		}
	}
	set("boxes", "red, white")
	pull(func() { set("boxes", "red, white, black") }) // a run that does not know of it ends
	if state().Whole || len(r.jobs) != 1 {
		t.Errorf("listed while it is read: %+v, jobs %v", state(), r.jobs)
	}
	pull(func() {})
	if !state().Whole {
		t.Error("it does not become whole")
	}
}
