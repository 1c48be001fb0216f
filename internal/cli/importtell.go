package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hansei/client"
	"hansei/internal/cli/quantity"
)

var importHead = []string{"file", "delivery", "state", "known", "kind", "rows", "created", "updated", "unchanged", "rejected", "seconds", "error"}

func importCells(o json.RawMessage) ([]string, error) {
	var i imported
	if err := json.Unmarshal(o, &i); err != nil {
		return nil, err
	}
	n := func(x int64) string { return strconv.FormatInt(x, 10) }
	return []string{i.File, i.Delivery, i.State, strconv.FormatBool(i.Known), i.Kind, n(i.Rows), n(i.Created), n(i.Updated), n(i.Unchanged), n(i.Rejected),
		strconv.FormatFloat(i.Seconds, 'f', 3, 64), i.Error}, nil
}

// tellImport says in words what came of a file.
func (p *program) tellImport(i imported) error {
	if i.State == client.Failed {
		return nil // the error line says it
	}
	if i.Known {
		return p.printf("%s: already imported, nothing changed (%s, delivery %s)\n", i.File, rowsOf(i.Rows, i.Kind), i.Delivery)
	}
	rate := ""
	if i.Seconds > 0 && i.Rows >= 1000 {
		rate = fmt.Sprintf(", %s rows a second", quantity.Thousands(float64(i.Rows)/i.Seconds))
	}
	if err := p.printf("%s: %s in %s%s\n  %s created, %s updated, %s unchanged, %s rejected\n", i.File, rowsOf(i.Rows, i.Kind), time.Duration(i.Seconds*float64(time.Second)).Round(time.Millisecond), rate,
		count(i.Created), count(i.Updated), count(i.Unchanged), count(i.Rejected)); err != nil {
		return err
	}
	for _, note := range i.Notes {
		if err := p.printf("  note: %s\n", note); err != nil {
			return err
		}
	}
	return nil
}

func count(n int64) string { return quantity.Thousands(float64(n)) }

func rowsOf(n int64, kind string) string {
	if n == 1 {
		return "1 row of " + kind + "s"
	}
	return count(n) + " rows of " + kind + "s"
}

// tellRejects lists the first rows that could not be used.
func (p *program) tellRejects(i imported) {
	if i.Rejected == 0 || i.Known {
		return
	}
	p.say("%s: %s of %s rows could not be used:", i.File, count(i.Rejected), count(i.Rows))
	for _, r := range i.Rejects {
		p.say("  %s", reject(r))
	}
	if more := i.Rejected - int64(len(i.Rejects)); more > 0 {
		p.say("  and %s more: hansei imports rejects %s", count(more), i.Delivery)
	}
}

// reject says where a row stands, what was found and what was expected.
func reject(r client.Reject) string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d", r.Line)
	if r.Column != "" {
		fmt.Fprintf(&b, ", %s", r.Column)
	}
	if r.Value != "" {
		fmt.Fprintf(&b, " %q", cell(r.Value, maxCell))
	}
	return b.String() + ": " + r.Expected
}
