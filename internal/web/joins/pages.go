package joins

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about joins.
type Pages struct {
	*shell.Shell
	Joins  intake.Joins
	People intake.People

	mu   sync.Mutex
	seq  record.Seq
	all  []*hansei.Join
	held map[record.Ref][]*hansei.Join // by either record
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /joins":          p.list,
		"POST /joins/confirm": p.confirm,
		"POST /joins/reject":  p.reject,
		"GET /joins/rules":    p.rules,
		"POST /joins/rules":   p.saveRules,
	}
}

// known are all joins, read again only when one changed.
func (p *Pages) known(ctx context.Context, who auth.Scope) ([]*hansei.Join, map[record.Ref][]*hansei.Join, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seq, err := record.LastChange(ctx, p.Records, who, hansei.KindJoin)
	if err != nil {
		return nil, nil, err
	}
	if p.held != nil && seq == p.seq {
		return p.all, p.held, nil
	}
	const batch = 1000
	var all []*hansei.Join
	held := map[record.Ref][]*hansei.Join{}
	for after := hansei.ID(""); ; {
		page, err := p.Records.List(ctx, who, hansei.KindJoin, after, batch)
		if err != nil {
			return nil, nil, err
		}
		for _, x := range page {
			j := x.Record.(*hansei.Join)
			if after = j.ID; j.Deleted {
				continue
			}
			all = append(all, j)
			a, b := sidesOf(j)
			held[a], held[b] = append(held[a], j), append(held[b], j)
		}
		if len(page) < batch {
			break
		}
	}
	p.seq, p.all, p.held = seq, all, held
	return all, held, nil
}

func sidesOf(j *hansei.Join) (a, b record.Ref) {
	return record.Ref{Kind: j.Of, ID: j.A}, record.Ref{Kind: j.Of, ID: j.B}
}

// side is one of two records.
type side struct {
	ID         hansei.ID
	Title, URL string
	Start, End time.Time
	Services   string
	Sources    string
	Status     string
	Gone       bool // it is deleted
	Leads      hansei.ID
}

// pair is two records that are, or may be, one.
type pair struct {
	Of      hansei.Kind
	A, B    side
	Verdict string
	Score   string
	Reasons []string
	By      string
}

// sides reads the records of joins.
func (p *Pages) sides(ctx context.Context, who auth.Scope, list []*hansei.Join) (map[record.Ref]side, error) {
	ids := map[hansei.Kind]map[hansei.ID]bool{}
	for _, j := range list {
		if ids[j.Of] == nil {
			ids[j.Of] = map[hansei.ID]bool{}
		}
		ids[j.Of][j.A], ids[j.Of][j.B] = true, true
	}
	var found []hansei.Record
	services := map[hansei.ID]bool{}
	for kind, all := range ids {
		stored, err := record.Load(ctx, p.Records, who, kind, slices.Collect(maps.Keys(all)))
		if err != nil {
			return nil, err
		}
		for _, x := range stored {
			found = append(found, x.Record)
			for _, id := range servicesOf(x.Record) {
				services[id] = true
			}
		}
	}
	names, err := record.Load(ctx, p.Records, who, hansei.KindService, slices.Collect(maps.Keys(services)))
	if err != nil {
		return nil, err
	}
	out := map[record.Ref]side{}
	for _, rec := range found {
		out[record.Ref{Kind: rec.Kind(), ID: rec.Head().ID}] = sideOf(rec, names)
	}
	return out, nil
}

// servicesOf are the services of an incident; of other records only people's
// word is shown, without details.
func servicesOf(rec hansei.Record) []hansei.ID {
	if in, ok := rec.(*hansei.Incident); ok {
		return in.Services
	}
	return nil
}

func sideOf(rec hansei.Record, names map[hansei.ID]record.Stored) side {
	head := rec.Head()
	s := side{ID: head.ID, Title: records.Title(rec), URL: records.URL(rec.Kind(), head.ID), Gone: head.Deleted, Leads: head.MergedInto}
	if in, ok := rec.(*hansei.Incident); ok {
		s.Status = in.Status
		s.Start, _ = in.Start()
		s.End, _, _ = ended(in)
	}
	var services, from []string
	for _, id := range servicesOf(rec) {
		name := string(id)
		if x, ok := names[id]; ok {
			name = records.Title(x.Record)
		}
		services = append(services, name)
	}
	for _, o := range head.From {
		if !slices.Contains(from, o.Source) {
			from = append(from, o.Source)
		}
	}
	s.Services, s.Sources = strings.Join(services, ", "), strings.Join(from, ", ")
	return s
}

// ended is when an incident was over, as far as is known.
func ended(in *hansei.Incident) (time.Time, hansei.Role, bool) {
	for _, role := range []hansei.Role{hansei.RoleResolved, hansei.RoleMitigated, hansei.RoleClosed} {
		if at, ok := in.Milestones.At(role); ok {
			return at, role, true
		}
	}
	return time.Time{}, "", false
}

func pairOf(j *hansei.Join, sides map[record.Ref]side) pair {
	a, b := sidesOf(j)
	out := pair{Of: j.Of, A: sides[a], B: sides[b], Verdict: j.Verdict, Reasons: j.Reasons, By: j.By}
	if j.Score > 0 {
		out.Score = strconv.FormatFloat(j.Score, 'f', 2, 64)
	}
	out.A.ID, out.B.ID = j.A, j.B
	return out
}

// open says that a suggestion still waits for a word: both are there, and not
// one already.
func (x pair) open() bool {
	return x.A.URL != "" && x.B.URL != "" && !x.A.Gone && !x.B.Gone && x.A.Leads == "" && x.B.Leads == ""
}

const (
	suggestionsShown = 25
	joinsShown       = 50
)

// view is the page.
type view struct {
	Suggested []pair
	More      int // suggestions that are not shown
	Decided   []pair
	Tabs      []ui.Link
	Prev      string
	Next      string
	Showing   string
	Verdict   string
	Zone      *time.Location
	Back      string
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	q := r.URL.Query()
	from, err := strconv.Atoi(cmp.Or(q.Get("from"), "0"))
	if err != nil || from < 0 {
		return hansei.Invalid("from", "%q is not a place in the list", q.Get("from"))
	}
	v := view{Verdict: q.Get("verdict"), Back: r.URL.RequestURI()}
	if v.Zone, err = p.Zone(r.Context(), who.Scope()); err != nil {
		return err
	}
	all, _, err := p.known(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	if err := p.suggested(r.Context(), who.Scope(), all, &v); err != nil {
		return err
	}
	if err := p.decided(r.Context(), who.Scope(), all, from, &v); err != nil {
		return err
	}
	page := ui.Page{Title: "Joins", Under: "/sources", Crumbs: []ui.Link{{Text: "Sources", URL: "/sources"}},
		Actions: []ui.Link{{Text: "Rules", URL: "/joins/rules"}},
		Lead:    "Records that several tools tell of, and incidents that may be one. Your word outlives every re-sync."}
	return p.Show(w, r, who, page, listPage(v))
}

// suggested are the suggestions that wait, the likeliest first.
func (p *Pages) suggested(ctx context.Context, who auth.Scope, all []*hansei.Join, v *view) error {
	list := slices.DeleteFunc(slices.Clone(all), func(j *hansei.Join) bool { return j.Verdict != hansei.JoinSuggested })
	sides, err := p.sides(ctx, who, list)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b *hansei.Join) int { return cmp.Compare(b.Score, a.Score) })
	for _, j := range list {
		x := pairOf(j, sides)
		switch {
		case !x.open():
		case len(v.Suggested) == suggestionsShown:
			v.More++
		default:
			v.Suggested = append(v.Suggested, x)
		}
	}
	return nil
}

// decided are a page of the joins with one verdict.
func (p *Pages) decided(ctx context.Context, who auth.Scope, all []*hansei.Join, from int, v *view) error {
	tabs := []struct{ verdict, text string }{{"", "Joined"}, {hansei.JoinConfirmed, "By a person"}, {hansei.JoinExplicit, "By a link"}, {hansei.JoinRejected, "Kept apart"}}
	if !slices.ContainsFunc(tabs, func(t struct{ verdict, text string }) bool { return t.verdict == v.Verdict }) {
		return hansei.Invalid("verdict", "%q is none of confirmed, explicit, rejected", v.Verdict)
	}
	has := func(j *hansei.Join, verdict string) bool {
		return j.Verdict == verdict || verdict == "" && (j.Verdict == hansei.JoinConfirmed || j.Verdict == hansei.JoinExplicit)
	}
	for _, t := range tabs {
		n := 0
		for _, j := range all {
			if has(j, t.verdict) {
				n++
			}
		}
		v.Tabs = append(v.Tabs, ui.Link{Text: t.text + " " + ui.Count(n), URL: address(t.verdict, 0), Current: t.verdict == v.Verdict})
	}
	list := slices.DeleteFunc(slices.Clone(all), func(j *hansei.Join) bool { return !has(j, v.Verdict) })
	if from > 0 {
		v.Prev = address(v.Verdict, max(0, from-joinsShown))
	}
	until := min(len(list), from+joinsShown)
	if until < len(list) {
		v.Next = address(v.Verdict, until)
	}
	list = list[min(from, len(list)):until]
	sides, err := p.sides(ctx, who, list)
	if err != nil {
		return err
	}
	for _, j := range list {
		v.Decided = append(v.Decided, pairOf(j, sides))
	}
	return nil
}

func address(verdict string, from int) string {
	q := url.Values{}
	if verdict != "" {
		q.Set("verdict", verdict)
	}
	if from > 0 {
		q.Set("from", strconv.Itoa(from))
	}
	if len(q) == 0 {
		return "/joins"
	}
	return "/joins?" + q.Encode()
}
