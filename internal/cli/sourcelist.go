package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hansei/client"
	"hansei/internal/cli/quantity"
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
	row := []string{s.Name, s.Tool, s.State, "–", "–", "up to date", quantity.Significant(s.Received / 7), fmt.Sprint(s.Waiting), fmt.Sprint(s.Failed), "", s.Says}
	if s.Last.IsZero() && s.Pulled.IsZero() {
		row[5] = "nothing yet"
	}
	for i, t := range []time.Time{s.Last, s.Pulled} {
		if !t.IsZero() {
			row[3+i] = t.Format(time.RFC3339)
		}
	}
	if s.Lag >= 1 {
		row[5] = quantity.Duration(math.Round(s.Lag)) + " behind"
	}
	for _, c := range s.Coverage {
		if c.Records > 0 {
			row[9] += fmt.Sprintf("%d %s: %d/%d ", c.Records, c.Kind, c.Filled, c.Known)
		}
	}
	return row, err
}

// sourcePairs prints one source. For people, what came day by day is left out,
// and what it covers and how far each list was read is a line each.
func (p *program) sourcePairs(text json.RawMessage) error {
	if p.format != asTable {
		return p.pairs(text)
	}
	var s struct {
		Coverage []struct {
			Kind                   string
			Records, Filled, Known int
		}
		Streams []struct {
			Name, Error string
			Began       time.Time
			Through     time.Time
			Last        time.Time `json:"last_pull"`
			Progress    float64
			Whole       bool
			Failures    int64
		}
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("an answer of the server is not what was expected: %w", err)
	}
	rows, err := flatten("", text)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r []string) bool {
		part, _, _ := strings.Cut(r[0], ".")
		return slices.Contains([]string{"days", "coverage", "streams", "revision"}, part)
	})
	for _, x := range s.Streams {
		says := "not read yet"
		switch {
		case x.Failures > 0:
			says = fmt.Sprintf("failed %d times in a row: %s", x.Failures, x.Error)
		case x.Whole:
			says = "read since " + x.Began.Format(time.DateOnly) + ", last " + x.Last.Format(time.RFC3339)
		case !x.Last.IsZero():
			says = fmt.Sprintf("being read since %s: %.0f %%", x.Began.Format(time.DateOnly), 100*x.Progress)
		}
		rows = append(rows, []string{"list of " + x.Name, says})
	}
	for _, x := range s.Coverage {
		rows = append(rows, []string{"tells of " + x.Kind, fmt.Sprintf("%d records, %d of %d fields", x.Records, x.Filled, x.Known)})
	}
	return p.object(text, []string{"field", "value"}, rows)
}

// sourceSteps says what to do in the tool that was connected.
func (p *program) sourceSteps(ctx context.Context, c *client.Client, added json.RawMessage) error {
	var s struct {
		Name, Tool, URL, Secret string
		Pulls                   bool
	}
	if err := json.Unmarshal(added, &s); err != nil {
		return fmt.Errorf("an answer of the server is not what was expected: %w", err)
	}
	kinds, err := c.SourceKinds(ctx)
	if err != nil {
		return err
	}
	for _, raw := range kinds {
		var k struct {
			Name, Title string
			Steps       []string
		}
		if err := json.Unmarshal(raw, &k); err != nil || k.Name != s.Tool || len(k.Steps) == 0 {
			continue
		}
		p.say("\nNow, for %s:", k.Title)
		for i, step := range k.Steps {
			p.say("%2d. %s", i+1, strings.NewReplacer("{url}", s.URL, "{secret}", cmp.Or(s.Secret, "(the secret that you gave)")).Replace(step))
		}
	}
	p.say("\nSee what is missing: hansei source test %s. How it is: hansei source show %s", s.Name, s.Name)
	return nil
}
