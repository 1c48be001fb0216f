package source

import "testing"

func TestFind(t *testing.T) {
	for _, c := range []struct {
		body string
		path []string
		want string
	}{
		{`{"event":{"id":"x","event_type":"incident.\u0061"},"more":`, []string{"event", "event_type"}, "incident.a"},
		{`{"a":[{"b":"no"}],"c":{"b":"no"},"b":"yes"}`, []string{"b"}, "yes"},
		{`"alone"`, nil, "alone"},
		{`{"event":{"id":"x"}}`, []string{"event", "event_type"}, ""},
		{`{"event":"x"}`, []string{"event", "event_type"}, ""},
		{`{"event":{"event_type":7}}`, []string{"event", "event_type"}, ""},
		{`{"event":`, []string{"event"}, ""},
		{``, []string{"event"}, ""},
		{`[{"event":"x"}]`, []string{"event"}, ""},
	} {
		if got := Find([]byte(c.body), c.path...); got != c.want {
			t.Errorf("%s at %q: got %q, want %q", c.body, c.path, got, c.want)
		}
	}
}
