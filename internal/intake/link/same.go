package link

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
)

// Joined are the kinds of which records of several sources may become one.
var Joined = []hansei.Kind{hansei.KindIncident, hansei.KindChange, hansei.KindPullRequest, hansei.KindDeployment, hansei.KindTicket}

// FarApart is from when on naming each other is not enough for incidents: the
// one may tell of an earlier one. Then it is a suggestion.
const FarApart = 24 * time.Hour

// redeployed is from when on two deployments of a commit to one place are two,
// even if they are told by different tools.
const redeployed = 10 * time.Minute

// Common are the names that make two records of different sources one: those
// by which both go and that mean the same thing everywhere, and for incidents
// also those by which one mentions the other. The first reason is told to
// people.
func Common(kind hansei.Kind, a, b *Links) []string {
	out := slices.DeleteFunc(both(a.Called, b.Called), func(n string) bool { return !Shared(kind, n) })
	if kind == hansei.KindIncident {
		out = append(out, both(a.Mentions, b.Called)...)
		out = append(out, both(b.Mentions, a.Called)...)
	}
	return out
}

// Shared says whether a name means one and the same record of a kind in every
// source. Keys such as OPS-12 do not: two trackers may both have one.
func Shared(kind hansei.Kind, name string) bool {
	switch kind {
	case hansei.KindChange: // many flips of a flag share its page
		return isCommit(name)
	case hansei.KindDeployment: // and many deployments the page of their place
		return strings.HasPrefix(name, deploymentOf)
	case hansei.KindIncident, hansei.KindPullRequest, hansei.KindTicket:
		return strings.Contains(name, "/") && anyURL.MatchString(name)
	}
	return false
}

// anyURL is a canonical URL: its host has a dot, which no source's name has.
var anyURL = regexp.MustCompile(`^[\w-]+(\.[\w-]+)+(:[0-9]+)?/`)

// deploymentOf begins the names that deployments of one commit to one place have
// in common: "deployment of <commit> to production in 2026-03-01T10". The hour is
// part of it, for a commit may be deployed every few minutes for years.
const deploymentOf = "deployment of "

// deploymentNames are a name for each hour from its start until those that
// follow are others; any two that are not further apart have one in common.
func deploymentNames(d *hansei.Deployment) (out []string) {
	since, until := span(d)
	if !isCommit(d.Commit) || since.IsZero() {
		return nil
	}
	const hours = 24 // one that goes on for longer was forgotten
	for at := since.UTC().Truncate(time.Hour); !at.After(until.Add(redeployed)) && len(out) < hours; at = at.Add(time.Hour) {
		out = append(out, deploymentOf+strings.ToLower(d.Commit)+" to "+placeOf(d)+" in "+at.Format("2006-01-02T15"))
	}
	return out
}

func placeOf(d *hansei.Deployment) string {
	return cmp.Or(strings.ToLower(strings.TrimSpace(d.Environment)), hansei.Production)
}

// Differ says whether what two tools tell, which was one record, is told to be
// two by now.
func Differ(a, b hansei.Record) bool {
	other := func(x, y string) bool { return x != "" && y != "" && !strings.EqualFold(x, y) }
	switch x := a.(type) {
	case *hansei.Change:
		y, alike := b.(*hansei.Change)
		return alike && other(x.Commit, y.Commit)
	case *hansei.Deployment:
		y, alike := b.(*hansei.Deployment)
		return alike && (other(x.Commit, y.Commit) || placeOf(x) != placeOf(y) || Contradict(x, y))
	}
	return false
}

// Odd are those of a record's sources, by the ids by which they know it, whose
// versions tell something else than that of the source that knew it first, or
// are nearer to a record beside it than to what that one's source told here.
func Odd(rec hansei.Record, versions []hansei.Record, beside hansei.Record) (out []hansei.ID) {
	ids := IDs(rec)
	first, mine := slices.Index(ids, rec.Head().ID), -1
	if beside != nil && len(beside.Head().From) == 1 {
		mine = slices.IndexFunc(rec.Head().From, func(o hansei.Observed) bool { return o.Source == beside.Head().From[0].Source })
	}
	for i, v := range versions {
		nearer := mine >= 0 && i != mine && !Differ(v, beside) && Gap(v, beside) < Gap(v, versions[mine])
		switch {
		case first < 0:
		case i != first && (nearer || Differ(versions[first], v)):
			out = append(out, ids[i])
		case nearer:
			out = append(out, ids[mine])
		}
	}
	return out
}

// Moved says whether one revision of a record may be one with others that the
// one before was kept apart from, although both go by the same names.
func Moved(was, is hansei.Record) bool {
	if sa, ua := span(was); !sa.IsZero() {
		if sb, ub := span(is); !sa.Equal(sb) || !ua.Equal(ub) {
			return true
		}
	}
	x, isDeployment := was.(*hansei.Deployment)
	y, alike := is.(*hansei.Deployment)
	return isDeployment && alike && (x.Service != y.Service || x.Result != y.Result)
}

// Contradict says whether two records that go by one name cannot be one all
// the same: deployments of a commit to one place are repeated, and one commit
// deploys several services.
func Contradict(a, b hansei.Record) bool {
	x, isDeployment := a.(*hansei.Deployment)
	y, alike := b.(*hansei.Deployment)
	if !isDeployment || !alike {
		return false
	}
	ended := func(d *hansei.Deployment) bool { return d.Result != "" && d.Result != hansei.ResultRunning }
	timed := func(d *hansei.Deployment) bool { return !d.Started.IsZero() || !d.Finished.IsZero() }
	return x.Service != "" && y.Service != "" && x.Service != y.Service || timed(x) && timed(y) && Gap(x, y) > redeployed || ended(x) && ended(y) && x.Result != y.Result
}

// Gap is how long two records are apart, 0 when they overlap. An incident that
// is open is taken to have ended when it began: it may be forgotten.
func Gap(a, b hansei.Record) time.Duration {
	sa, ea := span(a)
	sb, eb := span(b)
	return max(0, sb.Sub(ea), sa.Sub(eb))
}

func span(rec hansei.Record) (since, until time.Time) {
	switch r := rec.(type) {
	case *hansei.Incident:
		since, _ = r.Start()
		until = since
		for _, m := range r.Milestones {
			if m.At.After(until) {
				until = m.At
			}
		}
	case *hansei.Deployment:
		if since, until = r.Started, r.Finished; since.IsZero() {
			since = until
		}
		if until.Before(since) {
			until = since
		}
	}
	return since, until
}

// both are the elements that two sorted lists have in common.
func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { _, has := slices.BinarySearch(b, s); return !has })
}

// SameSource says whether one source tells of both records.
func SameSource(a, b hansei.Record) bool {
	return slices.ContainsFunc(a.Head().From, func(x hansei.Observed) bool {
		return slices.ContainsFunc(b.Head().From, func(y hansei.Observed) bool { return x.Source == y.Source })
	})
}
