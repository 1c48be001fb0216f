package connect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/source"
)

// Test tries a source's credentials and says what is there and what is
// missing, for its webhooks too. Nothing is stored, and a tool that asks to wait
// is not tried.
func (s *Sources) Test(ctx context.Context, who auth.Actor, name string) ([]source.Finding, error) {
	o, err := s.find(ctx, who.Scope(), name)
	if o == nil {
		return nil, err
	}
	if err != nil {
		return []source.Finding{{Says: says(err)}}, nil
	}
	came, err := s.came(ctx, who.Scope(), o)
	if err != nil {
		return nil, err
	}
	out := slices.Concat(secretOf(o.kind, o.source, o.secret, false), came)
	until, err := s.waitsUntil(ctx, who.Scope(), name)
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		return append(out, source.Finding{Says: "The tool was not tried: it asks us to wait until " + shownUTC(until) + ". Test again then."}), nil
	}
	return append(out, s.check(ctx, o.source)...), nil
}

// TestSpec is Test of what a person filled in and did not save yet.
func (s *Sources) TestSpec(ctx context.Context, who auth.Actor, spec Spec) ([]source.Finding, error) {
	if _, err := who.MayWrite(); err != nil {
		return nil, err
	}
	kind, err := s.Kind(spec.Tool)
	if err != nil {
		return nil, err
	}
	if spec.Name == "" {
		spec.Name = kind.Name
	}
	rec := &hansei.Source{Header: hansei.Header{ID: hansei.ID(spec.Name)}, Tool: kind.Name, Filter: spec.Filter}
	src, secrets, err := s.configure(kind, rec, spec.Settings, nil)
	if err != nil {
		return nil, err
	}
	return append(secretOf(kind, src, secrets, true), s.check(ctx, src)...), nil
}

// secretOf says whether a source has what it needs to know its webhooks by.
func secretOf(kind source.Kind, src source.Source, secrets map[string]string, unsaved bool) []source.Finding {
	title := secretTitle(kind)
	if _, ok := src.(source.Receiver); !ok || title == "" {
		return nil
	}
	switch {
	case unproven(src):
		return []source.Finding{{OK: true, Says: "Webhooks are accepted from whoever knows the address; they prove nothing else."}}
	case secrets[source.WebhookSecret] != "":
		return []source.Finding{{OK: true, Says: title + ": it is kept here; webhooks that fit it are accepted."}}
	case unsaved && ours(kind):
		return []source.Finding{{OK: true, Says: title + ": it is made when the source is added, and shown then."}}
	}
	return []source.Finding{{Says: title + missingSecret}}
}

const missingSecret = ": it is missing, and until it is entered no webhook is accepted."

// secretTitle is what a kind calls the secret of its webhooks; empty when it
// knows them by none.
func secretTitle(kind source.Kind) string {
	i := slices.IndexFunc(kind.Settings, func(x source.Setting) bool { return x.Name == source.WebhookSecret })
	if i < 0 {
		return ""
	}
	return kind.Settings[i].Title
}

func unproven(src source.Source) bool {
	anybody, ok := src.(source.Unproven)
	return ok && anybody.Unproven()
}

// deaf says why nothing can come from a source: it reads no list, and has no
// secret to know webhooks by. Empty when something can.
func deaf(o *opened, v View) string {
	title := secretTitle(o.kind)
	if len(v.Streams) > 0 || title == "" || o.secret[source.WebhookSecret] != "" || unproven(o.source) {
		return ""
	}
	says := "Nothing can come. " + title + missingSecret
	for _, x := range o.kind.Settings {
		if x.Secret && x.Name != source.WebhookSecret && o.secret[x.Name] == "" {
			says += " " + x.Title + ": it is missing too, and without it no history is read."
		}
	}
	return says
}

// came says what became of a source's webhooks lately.
func (s *Sources) came(ctx context.Context, who auth.Scope, o *opened) ([]source.Finding, error) {
	if _, ok := o.source.(source.Receiver); !ok {
		return nil, nil
	}
	if err := s.Flush(ctx); err != nil { // one that was sent just now counts
		return nil, err
	}
	counted, err := s.Records.Counts(ctx, who, s.Now().AddDate(0, 0, 1-week))
	if err != nil {
		return nil, err
	}
	n := map[string]int64{}
	for _, c := range counted {
		if c.Source == string(o.rec.ID) {
			n[c.Name] += c.N
		}
	}
	out := []source.Finding{{OK: true, Says: fmt.Sprintf("Webhooks that came in the last %d days: %d.", week, n[record.CountReceived])}}
	if n[record.CountReceived] == 0 {
		out[0].Open, out[0].Says = true, fmt.Sprintf("No webhook came in the last %d days; send one from the tool to try it.", week)
	}
	if bad := n["refused: signature"]; bad > 0 {
		out = append(out, source.Finding{Says: fmt.Sprintf("Webhooks refused in the last %d days because they did not fit the secret: %d. Paste the secret again at the tool.", week, bad)})
	}
	if bad := n["refused: timestamp"]; bad > 0 {
		out = append(out, source.Finding{Says: fmt.Sprintf("Webhooks refused in the last %d days because their time was too far from now: %d. Is a clock wrong, here or there?", week, bad)})
	}
	return out, nil
}

// A test is one that somebody waits for: it tells what happened and repeats
// nothing.
const (
	checkTimeout = 10 * time.Second
	checkBudget  = time.Nanosecond
)

func (s *Sources) check(ctx context.Context, src source.Source) []source.Finding {
	p, ok := src.(source.Checker)
	if !ok {
		return []source.Finding{{OK: true, Says: "This tool only sends webhooks: nothing is read from it."}}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	run := s.pullOf(ctx, "", s.Now())
	run.Client.Budget = checkBudget
	run.Emit = func(source.Page) error { return fmt.Errorf("a test stores nothing: %w", hansei.ErrForbidden) }
	found := p.Check(run)
	if ctx.Err() != nil {
		found = append(found, source.Finding{Says: "The tool did not answer in time."})
	}
	return found
}
