package reading

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/intake/fold"
	"hansei/internal/source"
)

// TestOrder: however the events of an incident and of a task come in, they end
// in the same record, and reading them from the list changes nothing.
func TestOrder(t *testing.T) {
	for kind, way := range map[string]string{"Incident": "01 14 45 51 14 43", "Task": "01 13 31 13"} {
		var events []hansei.Observation
		rec := issue(kind, 0, "")
		events = append(events, told(t, source.Delivery{Body: []byte(fmt.Sprintf(`{"webhookEvent":"jira:issue_created","timestamp":%d,"issue":%s}`, at(9).UnixMilli(), updated(rec, 9)))}))
		for i, m := range strings.Fields(way) {
			d := webhook(kind, int(m[1]-'0'), m)
			d.Body = []byte(updated(strings.Replace(string(d.Body), fmt.Sprint(at(10).UnixMilli()), fmt.Sprint(at(10+i).UnixMilli()), 1), 10+i))
			events = append(events, told(t, d))
		}
		last := int(way[len(way)-1] - '0')
		page := pulled(t, kind, last, way, 0)
		page.At = events[len(events)-1].At
		want := folded(t, append(events, page))
		permute(events, func(some []hansei.Observation) {
			if got := folded(t, some); !cmp.Equal(want, got) {
				t.Fatalf("%s: %s", kind, cmp.Diff(want, got))
			}
		})
	}
}

// updated puts the time of an issue's last change in place of the tests' own.
func updated(text string, hour int) string {
	return strings.Replace(text, `"updated":"2026-03-01T20:00`, fmt.Sprintf(`"updated":"2026-03-01T%02d:00`, hour), 1)
}

func folded(t *testing.T, list []hansei.Observation) hansei.Record {
	t.Helper()
	rec, err := hansei.New(list[0].Key.Kind)
	if err != nil {
		t.Fatal(err)
	}
	var seen hansei.Observed
	for _, o := range list {
		if err := fold.Into(rec, &seen, o, o.At, nil); err != nil {
			t.Fatal(err)
		}
	}
	return rec
}

func permute(list []hansei.Observation, try func([]hansei.Observation)) {
	var next func(int)
	next = func(i int) {
		if i == len(list) {
			try(list)
		}
		for j := i; j < len(list); j++ {
			list[i], list[j] = list[j], list[i]
			next(i + 1)
			list[i], list[j] = list[j], list[i]
		}
	}
	next(0)
}
