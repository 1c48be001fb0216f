package records

import (
	"strings"
	"testing"

	"hansei"
)

func TestGone(t *testing.T) {
	from := func(outs ...string) (list []hansei.Observed) {
		for i, out := range outs {
			list = append(list, hansei.Observed{Source: []string{"jira", "pages"}[i], Out: out})
		}
		return list
	}
	for _, c := range []struct {
		head      hansei.Header
		text, url string
	}{
		{hansei.Header{}, "This incident is deleted", ""},
		{hansei.Header{From: from("", hansei.OutOther)}, "This incident is deleted", ""},
		{hansei.Header{From: from(hansei.OutOther), ByHand: true}, "This incident is deleted", ""},
		{hansei.Header{From: from(hansei.OutOther)}, "For jira, with its settings as they are, this is no incident", "/sources/jira#settings"},
		{hansei.Header{From: from(hansei.OutFiltered, hansei.OutDeleted)}, "The filter of jira leaves this incident out", "/sources/jira#filter"},
		{hansei.Header{From: from(hansei.OutDeleted)}, "This incident was deleted at jira", ""},
		{hansei.Header{From: from(hansei.OutRemoved)}, "The source jira was removed with its data", ""},
		{hansei.Header{From: from(hansei.OutIncomplete)}, "not whole yet", ""},
	} {
		text, link := Gone(hansei.KindIncident, &c.head)
		if !strings.Contains(text, c.text) || !strings.Contains(text, "no list and no figure counts it") {
			t.Errorf("%+v: %q", c.head, text)
		}
		if url := ""; link != nil && link.URL != c.url || link == nil && c.url != url {
			t.Errorf("%+v: leads to %v, not %q", c.head, link, c.url)
		}
	}
}
