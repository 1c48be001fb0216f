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
		"A technician failed to copy the code to one server.":     true,
		"At 23:30 an engineer mistakenly wiped the primary.":      true,
		"One of our operators forgot the flag.":                   true,
		"The new Developer Portal caused a leak.":                 false,
		"An engineer was paged and restarted the pool.":           false,
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

func TestBlameIsRephrased(t *testing.T) {
	for text, want := range map[string]string{
		"Ann Smith forgot to renew the certificate.":              "The step to renew the certificate was easy to miss, and nothing pointed it out.",
		"Ann broke the build.":                                    "A change broke the build, and no safeguard stopped it.",
		"The engineer should have checked the plan.":              "At the time, nothing showed the need to have checked the plan.",
		"The outage was due to human error.":                      "The outage was due to conditions that made the action likely, and safeguards that did not stop it.",
		"On Friday he accidentally deleted the primary database.": "On Friday an action that looked right at the time deleted the primary database.",
		"Ann did not read the runbook.":                           "Nothing in the situation then prompted anybody to read the runbook.",
		"She forgot.":                                             "",
		"Ann forgot to add a limit [^alert:Q1] [^note:2].":        "The step to add a limit was easy to miss, and nothing pointed it out [^alert:Q1] [^note:2].",
	} {
		got := Blame(&hansei.Retrospective{Sections: []hansei.Section{{ID: "s", Text: text}}}, []string{"Ann Smith"})
		if len(got) != 1 || got[0].Rewrite != want {
			t.Errorf("%q:\ngot  %+v\nwant %q", text, got, want)
			continue
		}
		if again := Blame(&hansei.Retrospective{Sections: []hansei.Section{{ID: "s", Text: want}}}, []string{"Ann Smith"}); len(again) > 0 {
			t.Errorf("%q is remarked on again: %+v", want, again)
		}
		r := &hansei.Retrospective{Sections: []hansei.Section{{ID: "s", Text: text}}, Dismissed: []string{text}}
		if again := Blame(r, []string{"Ann Smith"}); len(again) > 0 {
			t.Errorf("%q was dismissed and comes again", text)
		}
	}
}
