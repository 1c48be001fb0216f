package finding

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/search"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// done waits for the facts and the index and sends the person on.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, who auth.Actor, back string, seq record.Seq, t ui.Toast) error {
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	if err := p.caughtUp(r.Context(), who.Scope()); err != nil {
		return err
	}
	return shell.Done(w, r, back+"#before", t)
}

// results are what the search page shows.
type results struct {
	Query     url.Values
	Text      string
	From      int
	Asked     bool
	Result    search.Result
	Others    []ui.Command
	Precision recall.Precision
	Zone      *time.Location
}

// with is the address with a filter put in or taken out.
func (r results) with(name, value string) string {
	v := url.Values{}
	had := false
	for n, values := range r.Query {
		for _, x := range values {
			if n == name && x == value {
				had = true
			} else if n != "page" && x != "" {
				v.Add(n, x)
			}
		}
	}
	if !had {
		v.Add(name, value)
	}
	return "/search?" + v.Encode()
}

// has says that a value is asked for.
func (r results) has(name, value string) bool {
	for _, x := range r.Query[name] {
		if x == value {
			return true
		}
	}
	return false
}

// page is the address of another page of the results.
func (r results) page(n string) string {
	v := url.Values{}
	for name, values := range r.Query {
		if name != "page" {
			v[name] = values
		}
	}
	v.Set("page", n)
	return "/search?" + v.Encode()
}

// corrected is the address of what was looked for instead.
func (r results) corrected() string {
	v := url.Values{}
	for name, values := range r.Query {
		v[name] = values
	}
	v.Set("q", r.Result.Corrected)
	return "/search?" + v.Encode()
}

// Before is the panel of what an incident is like, for its page: earlier ones
// and what helped then, and those that came later. It stands first while the
// incident is open.
func (p *Pages) Before(ctx context.Context, who auth.Scope, in *hansei.Incident) (templ.Component, error) {
	const shown = 5
	before, err := p.Recall.Before(ctx, who, in, shown)
	if err != nil {
		return nil, err
	}
	later, err := p.Recall.Later(ctx, who, in, shown)
	if err != nil {
		return nil, err
	}
	zone, err := p.Zone(ctx, who)
	if err != nil {
		return nil, err
	}
	return panel(likes{Of: in.ID, Open: in.Status == hansei.StatusOpen, Before: telling(before), Later: telling(later), Zone: zone}), nil
}

type likes struct {
	Of            hansei.ID
	Open          bool
	Before, Later []recall.Past
	Zone          *time.Location
}

// telling keeps what something in common speaks for; one or two words alone
// are too little to take somebody's time while an incident is open.
func telling(all []recall.Past) (out []recall.Past) {
	for _, x := range all {
		for _, r := range x.Reasons {
			if !strings.HasPrefix(r, "words in common") || strings.Count(r, ",") >= 2 {
				out = append(out, x)
				break
			}
		}
	}
	return out
}

// Taught is the part of a service's page that says what it has taught so far.
func (p *Pages) Taught(ctx context.Context, who auth.Scope, service hansei.ID) (templ.Component, error) {
	t, err := p.Recall.OfService(ctx, who, service)
	if err != nil {
		return nil, err
	}
	zone, err := p.Zone(ctx, who)
	if err != nil {
		return nil, err
	}
	return taught(t, p.Now(), zone), nil
}

// traits are what is said of a follow-up before its date.
func traits(f recall.Open) (out string) {
	if f.Type != "" {
		out = "to " + f.Type + " · "
	}
	if f.Priority != "" {
		out += "priority " + f.Priority + " · "
	}
	if f.Due.IsZero() {
		out = strings.TrimSuffix(out, " · ")
	}
	return out
}
