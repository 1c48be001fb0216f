package rulebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/fact/duck"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/schema"
)

const (
	// atOnce is how many records are renewed before a change is answered; more
	// are left to a job.
	atOnce = 200
	// settleTime is how long a change waits until the facts hold what was
	// written before it.
	settleTime = 10 * time.Second
	// because is the reason beside a renewed name.
	because = "the taxonomy calls it so now"
)

// JobRenew is the job that gives records the names that factors have now.
const JobRenew = "retrospective.renew"

// named is a record that names a factor.
type named struct {
	kind hansei.Kind
	id   hansei.ID
}

// renewed renews what bears one of the names, or leaves it to a job.
func (b *Book) renewed(ctx context.Context, who auth.Actor, names []string, c *Change) error {
	wait, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	if err := b.Facts.Wait(wait, c.Seq); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	found, err := b.bearing(ctx, who.Scope(), names)
	if err != nil {
		return err
	}
	if len(found) > atOnce && b.Later != nil {
		c.Waiting = len(found)
		c.Seq, err = b.Records.Write(ctx, who, func(tx *record.Tx) error { return b.Later(tx, names) })
		return err
	}
	n, seq, err := b.renewAll(ctx, who, found)
	c.Renewed, c.Seq = n, max(c.Seq, seq)
	return err
}

// Renew gives every record that bears one of the names the names of today. It
// is what a job does; done twice it changes nothing the second time.
func (b *Book) Renew(ctx context.Context, who auth.Actor, names []string) error {
	head, err := b.Records.Head(ctx, who.Scope())
	if err != nil {
		return err
	}
	if err := b.Facts.Wait(ctx, head.Seq); err != nil {
		return err
	}
	found, err := b.bearing(ctx, who.Scope(), names)
	if err != nil {
		return err
	}
	_, _, err = b.renewAll(ctx, who, found)
	return err
}

// page is how many retrospectives are read at once.
const page = 500

// bearing finds the records that bear one of the names. Retrospectives are
// looked through whole: a second rater's names are in no fact.
func (b *Book) bearing(ctx context.Context, who auth.Scope, names []string) ([]named, error) {
	var out []named
	in := func(list []string) bool {
		return slices.ContainsFunc(list, func(x string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, x) })
		})
	}
	err := b.each(ctx, who, func(r *hansei.Retrospective) {
		bears := in(r.FactorNames)
		for _, f := range r.Factors {
			bears = bears || in([]string{f.As})
		}
		for _, c := range r.Codings {
			bears = bears || in(c.Factors) || in(c.As)
		}
		if bears {
			out = append(out, named{hansei.KindRetrospective, r.ID})
		}
	})
	if err != nil {
		return nil, err
	}
	literals := make([]string, len(names))
	for i, n := range names {
		literals[i] = fact.Literal(strings.ToLower(n))
	}
	list := strings.Join(literals, ", ")
	err = b.Facts.Read(ctx, fmt.Sprintf(`SELECT DISTINCT 'incident', incident FROM incident_factor WHERE lower(factor) IN (%[1]s)
		UNION ALL SELECT 'follow-up', id FROM follow_up WHERE lower(factor) IN (%[1]s) ORDER BY 1, 2`, list), func(r *duck.Result) error {
		kinds, ids := r.Strings(0), r.Strings(1)
		for i := range kinds {
			out = append(out, named{hansei.Kind(kinds[i]), hansei.ID(ids[i])})
		}
		return nil
	})
	return out, err
}

// each reads every retrospective that is there.
func (b *Book) each(ctx context.Context, who auth.Scope, fn func(*hansei.Retrospective)) error {
	after := hansei.ID("")
	for {
		list, err := b.Records.List(ctx, who, hansei.KindRetrospective, after, page)
		if err != nil {
			return err
		}
		for _, s := range list {
			r := s.Record.(*hansei.Retrospective)
			if after = r.ID; !r.Deleted && r.MergedInto == "" {
				fn(r)
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

func (b *Book) renewAll(ctx context.Context, who auth.Actor, found []named) (n int, last record.Seq, err error) {
	for _, x := range found {
		var seq record.Seq
		if x.kind == hansei.KindRetrospective {
			seq, err = b.Desk.Renew(ctx, who, x.id)
		} else {
			seq, err = b.renewRecord(ctx, who, x.kind, x.id)
		}
		switch {
		case errors.Is(err, hansei.ErrNotFound):
			err = nil // gone meanwhile
		case err != nil:
			return n, last, fmt.Errorf("the factors of %s %s: %w", x.kind, x.id, err)
		case seq > 0:
			n, last = n+1, max(last, seq)
		}
	}
	return n, last, nil
}

// tries is how often a record is read again that somebody else was writing.
const tries = 5

// renewRecord renews an incident or a follow-up, as an edit beside what its
// sources say.
func (b *Book) renewRecord(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID) (seq record.Seq, err error) {
	for range tries {
		seq, err = b.renewOnce(ctx, who, kind, id)
		if !errors.Is(err, hansei.ErrConflict) {
			return seq, err
		}
	}
	return seq, err
}

func (b *Book) renewOnce(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID) (record.Seq, error) {
	field, err := hansei.FieldNamed(kind, map[hansei.Kind]string{hansei.KindIncident: "factors", hansei.KindFollowUp: "factor"}[kind])
	if err != nil {
		return 0, err
	}
	state, err := b.Read(ctx, who.Scope())
	if err != nil {
		return 0, err
	}
	versions, err := b.Records.History(ctx, who.Scope(), kind, id)
	if err != nil {
		return 0, err
	}
	now, err := record.DecodeDoc(kind, versions[0].Doc)
	if err != nil {
		return 0, err
	}
	chosen, err := asChosen(kind, field, versions)
	if err != nil {
		return 0, err
	}
	want := schema.Names(namesIn(field, chosen), state.Rules.Taxonomy)
	if slices.Equal(want, namesIn(field, now)) {
		return 0, nil
	}
	set, reason := intake.Set{Field: field.Name}, because
	standing, byHand := chosen.Head().EditOf(field.Name)
	if back := slices.Equal(want, namesIn(field, chosen)); back {
		reason = standing.Reason
	}
	if reason == because || byHand || len(now.Head().From) == 0 {
		var value any = want
		if field.Type == hansei.Text {
			value = strings.Join(want, "")
		}
		if set.Value, err = json.Marshal(value); err != nil {
			return 0, fmt.Errorf("write %s: %w", field.Name, err)
		}
	}
	return b.People.Edit(ctx, who, kind, id, versions[0].Revision, []intake.Set{set}, reason)
}

// asChosen is the record when its factors were last set by somebody else than a
// renewal.
func asChosen(kind hansei.Kind, field hansei.Field, versions []record.Version) (hansei.Record, error) {
	for i, v := range versions {
		rec, err := record.DecodeDoc(kind, v.Doc)
		if err != nil {
			return nil, err
		}
		if e, ok := rec.Head().EditOf(field.Name); !ok || e.Reason != because || i == len(versions)-1 {
			return rec, nil
		}
	}
	return nil, fmt.Errorf("a %s without a version: %w", kind, hansei.ErrNotFound)
}

func namesIn(f hansei.Field, rec hansei.Record) []string {
	v, _ := f.Get(rec)
	switch x := v.(type) {
	case []string:
		return x
	case string:
		if x != "" {
			return []string{x}
		}
	}
	return nil
}
