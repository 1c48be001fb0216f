package place

import (
	"testing"
	"time"

	"hansei/internal/source/slack/reading"
)

// TestLooks: a channel is looked at again from two days before its newest
// message on, and once a day from thirty days ago on, as long as it is not
// archived; once it is, it is read a last time.
func TestLooks(t *testing.T) {
	now := time.Unix(1_772_400_000, 0)
	is := []reading.Channel{{ID: "C1"}, {ID: "C2", Archived: true}}
	cursor, asked := `{"seen":{"C1":"1772390000.000100","C2":"1772000000.000000","C3":"1.0"}}`, []string{}
	for _, c := range []struct {
		after  time.Duration
		oldest string
		read   int // channels
	}{
		{0, "1769808000.000000", 2}, // the first run looks far, and C2 was archived meanwhile
		{time.Hour, "1772217200.000000", 1},
		{23 * time.Hour, "1769894400.000000", 1},
		{time.Hour, "1772217200.000000", 1},
	} {
		now = now.Add(c.after)
		p, err := Parse(cursor, now)
		if err != nil {
			t.Fatal(err)
		}
		asked = asked[:0]
		for _, ch := range is {
			if !p.Passes(ch) {
				asked = append(asked, p.Oldest(ch.ID, now))
				p.Read(ch.ID, p.Seen[ch.ID])
				if !p.Passes(ch) {
					t.Errorf("%s is read twice", ch.ID)
				}
			}
		}
		if len(asked) != c.read || asked[0] != c.oldest {
			t.Errorf("after %s: read from %v on, want %d channels and %s", c.after, asked, c.read, c.oldest)
		}
		if p = p.End(is, now); p.Seen["C3"] != "" || len(p.Seen) != 2 {
			t.Errorf("what is no channel any more is still known: %+v", p)
		}
		if cursor, err = p.Cursor(); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Parse(cursor, now)
	is[1].Archived = false
	if err != nil || p.Passes(is[1]) {
		t.Errorf("one that is not archived any more is not read: %v", err)
	}
	if p.Oldest("C9", now) != "" {
		t.Error("a new one is not read whole")
	}
	if _, err := Parse("{", now); err == nil {
		t.Error("a place that is none was taken")
	}
}
