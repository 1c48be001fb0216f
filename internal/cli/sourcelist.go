package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"hansei/client"
)

const listLong = `List the sources and how they are.

lag       of how long a time up to now it is not known here what the tool has to
          tell: the age of the oldest delivery that waits to be understood; the
          time since a list was last read to its end, beyond the interval in
          which it is read; while a history is being read, the part of it that
          is not read yet. The longest of these.
a day     deliveries and pages a day, over the last 7 days
coverage  of each kind of record, how many there are that the source tells of,
          alone or with others, and how many of the kind's fields it fills
          (-o json has each field, and the metrics that wait for it)`

// listSources lists the sources; of webhooks that no source takes it tells
// beside the list.
func (p *program) listSources(ctx context.Context, c *client.Client, _ []string) error {
	list, astray, err := c.Sources(ctx)
	if err != nil {
		return err
	}
	head := []string{"name", "tool", "state", "last delivery", "last pull", "lag", "a day", "waiting", "failed", "coverage", "says"}
	if err := p.objects(each(list), head, sourceCells); err != nil {
		return err
	}
	if astray > 0 {
		p.say("%d of the webhooks of the last 7 days came to an address that no source has: a tool may still send to a source that was removed, or its URL was not copied whole", astray)
	}
	return nil
}

func sourceCells(o json.RawMessage) ([]string, error) {
	var s struct {
		Name, Tool, State, Says string
		Last                    time.Time `json:"last_delivery"`
		Pulled                  time.Time `json:"last_pull"`
		Lag                     float64   `json:"lag_seconds"`
		Received                float64   `json:"received_7d"`
		Waiting, Failed         int64
		Coverage                []struct {
			Kind                   string
			Records, Filled, Known int
		}
	}
	err := json.Unmarshal(o, &s)
	row := []string{s.Name, s.Tool, s.State, "–", "–", "up to date", significant(s.Received / 7), fmt.Sprint(s.Waiting), fmt.Sprint(s.Failed), "", s.Says}
	for i, t := range []time.Time{s.Last, s.Pulled} {
		if !t.IsZero() {
			row[3+i] = t.Format(time.RFC3339)
		}
	}
	if s.Lag >= 1 {
		row[5] = duration(math.Round(s.Lag)) + " behind"
	}
	for _, c := range s.Coverage {
		if c.Records > 0 {
			row[9] += fmt.Sprintf("%d %s: %d/%d ", c.Records, c.Kind, c.Filled, c.Known)
		}
	}
	return row, err
}
