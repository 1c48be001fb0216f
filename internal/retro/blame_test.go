package retro

import (
	"testing"

	"hansei"
)

func TestBlame(t *testing.T) {
	for text, want := range map[string]bool{
		"Ann Smith forgot to renew the certificate.":              true,
		"Ann broke the build.":                                    true,
		"The engineer should have checked the plan.":              true,
		"The outage was due to human error.":                      true,
		"The certificate expired and nothing warned of it.":       false,
		"The alert told Ann that the pool was full.":              false,
		"The deployment broke the checkout.":                      false,
		"> Ann forgot it, said the vendor.":                       false,
		"Ann restarted the service and asked the database team.":  false,
		"The runbook did not say which of two tables was in use.": false,
		"```\nAnn broke it\n```":                                  false,
		"On Friday he accidentally deleted the primary database.": true,
	} {
		r := &hansei.Retrospective{Sections: []hansei.Section{{ID: "s", Text: text}}}
		got := Blame(r, []string{"Ann Smith"})
		if (len(got) > 0) != want {
			t.Errorf("%q: got %v, want a remark: %t", text, got, want)
		}
		if len(got) > 0 && (got[0].Instead == "" || got[0].Why == "") {
			t.Errorf("%q: the remark helps nobody: %+v", text, got[0])
		}
	}
}
