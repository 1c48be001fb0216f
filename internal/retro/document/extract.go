package document

import (
	"cmp"
	"regexp"
	"slices"
	"sync"

	"hansei"
)

// clue is what hints at a factor of the default taxonomy in a text.
type clue struct {
	factor string
	words  *regexp.Regexp
}

var clues = sync.OnceValue(func() []clue {
	return []clue{
		{"expired certificate or credential", regexp.MustCompile(`(?i)\b(certificates?|tls|ssl|token|credentials?|domain|licen[cs]e)\b[^.\n]{0,60}\bexpir|\bexpired? [^.\n]{0,30}(certificate|credential|token|domain)`)},
		{"configuration change", regexp.MustCompile(`(?i)\bmis-?config|\bconfig(uration)?s? (change|push|update|error|file|deploy)|\b(wrong|bad|incorrect|invalid) (config|setting)|feature flag`)},
		{"deployment process", regexp.MustCompile(`(?i)\b(deploy(ed|ment|ing)?|roll(ed|ing)? ?out|release[ds]?|upgrad(e|ed|ing))\b`)},
		{"data or schema change", regexp.MustCompile(`(?i)\b(schema|migration|migrat(ed|ing)|backfill|data (corruption|loss)|corrupt(ed|ion)?|malformed (data|input))\b`)},
		{"rollback not possible", regexp.MustCompile(`(?i)\b(roll(ing|ed)? ?back|revert(ing|ed)?)\b[^.\n]{0,60}\b(fail|not possible|impossible|unable|took|slow|difficult)`)},
		{"code defect", regexp.MustCompile(`(?i)\b(bugs?|race condition|deadlock|null pointer|off-by-one|regression|memory leak|integer overflow|overflow|typo|logic error|infinite loop|leap (second|year|day))\b`)},
		{"capacity", regexp.MustCompile(`(?i)\b(capacity|overload(ed)?|traffic spike|spike in (traffic|load)|out of (memory|disk|space)|exhaust(ed|ion)|saturat(ed|ion)|insufficient (memory|resources)|high load|disk (was )?full|too many connections)\b`)},
		{"network", regexp.MustCompile(`(?i)\b(network|dns|bgp|packet loss|routers?|switch(es)?|load balancers?|routing|fib(er|re) cut|partition(ed)?)\b`)},
		{"hardware or cloud provider", regexp.MustCompile(`(?i)\b(power (loss|outage|failure)|data ?cent(er|re)|hardware|disk failure|availability zone|ec2|ebs|cloud provider|generator|ups|cooling)\b`)},
		{"dependency failure", regexp.MustCompile(`(?i)\b(third[- ]party|vendor|upstream|downstream|dependenc(y|ies)|external (service|provider))\b`)},
		{"missing isolation", regexp.MustCompile(`(?i)\b(cascad(e|ed|ing)|retry storm|retries|thundering herd|blast radius|single point of failure|no (rate limit|circuit breaker)|rate limit|propagat(e|ed|ing))\b`)},
		{"missing alert", regexp.MustCompile(`(?i)\b(no|not|missing|lack of|insufficient|without|inadequate) [^.\n]{0,25}(alert|alarm|monitoring)|\b(customers?|users?) (reported|noticed|complained)|alert(s|ing)? (did not|didn't|failed)`)},
		{"missing observability", regexp.MustCompile(`(?i)\b(lack of (visibility|logging|metrics)|no (logs|metrics|visibility)|hard to (diagnose|debug))\b`)},
		{"testing gap", regexp.MustCompile(`(?i)\b(untested|not (been )?tested|no tests?|insufficient(ly)? test|inadequate test|testing (gap|procedure)|test coverage|not caught (by|in) (test|staging))`)},
		{"review gap", regexp.MustCompile(`(?i)\b((insufficient|no|lack of|inadequate) (code )?review|review process|not reviewed)\b`)},
		{"documentation or runbook", regexp.MustCompile(`(?i)\b(runbooks?|playbooks?|undocumented|outdated documentation|documentation)\b`)},
		{"unclear ownership", regexp.MustCompile(`(?i)\b(unclear (ownership|who)|no (clear )?owner|ownership)\b`)},
		{"communication", regexp.MustCompile(`(?i)\b(miscommunication|communication (gap|breakdown|failure)|not (been )?(informed|notified))\b`)},
		{"knowledge in one head", regexp.MustCompile(`(?i)\b(institutional knowledge|tribal knowledge|only (one|a few) (person|people|engineers?)|bus factor)\b`)},
		{"design limit", regexp.MustCompile(`(?i)\b(design (flaw|limit)|hard[- ]coded|limit of|assum(ed|ption)|legacy)\b`)},
		{"security", regexp.MustCompile(`(?i)\b(ddos|denial[- ]of[- ]service|attack(er|ers|s)?|exploit(ed)?|vulnerabilit|malicious|breach|compromised)\b`)},
	}
})

// maxSuggested is how many factors a text suggests at most.
const maxSuggested = 5

var (
	// causal words say that a sentence tells why; remedial ones, that it tells
	// what was done about it.
	causal   = regexp.MustCompile(`(?i)\b(caus(e|es|ed|ing)|due to|because|led to|leading to|result(ed|ing|s)? (in|from)|trigger(s|ed)?|stem(s|med) from|contribut(ed|ing)|attributed to|introduced)\b`)
	remedial = regexp.MustCompile(`(?i)\b(fix(es|ed)?|patch(es|ed)?|mitigat(e|ed|ion)|hotfix|restor(e|ed|ing)|resolv(e|ed)|recover(y|ed|ing)?|will|plan(s|ned)? to|to prevent|going forward|in the future|refund(s|ed)?|improv(e|ed|ements?))\b`)
)

// weight is how much a sentence says about why: one that names a cause counts
// thrice, one that tells of the repair alone not at all.
func weight(sentence string) int {
	switch {
	case causal.MatchString(sentence):
		return 3
	case remedial.MatchString(sentence):
		return 0
	}
	return 1
}

// suggested are the factors of the taxonomy that a text hints at, those with
// the strongest hints first, each with the sentence that hints most. A person
// confirms them.
func suggested(text string, rules hansei.RetroRules) []hansei.Factor {
	type found struct {
		hansei.Factor
		n, best int
	}
	var all []found
	list := Sentences(text)
	weights := make([]int, len(list))
	for i, s := range list {
		weights[i] = weight(s)
	}
	for _, c := range clues() {
		known, ok := rules.Factor(c.factor)
		if !ok || known.Retired {
			continue
		}
		f := found{Factor: hansei.Factor{Name: known.Name}}
		for i, s := range list {
			if weights[i] == 0 || !c.words.MatchString(s) {
				continue
			}
			f.n += weights[i]
			if weights[i] > f.best {
				f.best, f.Evidence = weights[i], Cut(s, 300)
			}
		}
		if f.n > 0 {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return cmp.Compare(b.n, a.n) })
	var out []hansei.Factor
	for _, f := range all[:min(len(all), maxSuggested)] {
		out = append(out, f.Factor)
	}
	return out
}

var noticed = []struct {
	by    string
	words *regexp.Regexp
}{
	{"customer", regexp.MustCompile(`(?i)\b(customers?|users?|players?|subscribers?) (began |started )?(report|notic|complain|contact)|\b(support tickets?|customer reports?|user reports?|reports? (from|by) (customers|users|players)|receiving reports)\b`)},
	{"monitoring", regexp.MustCompile(`(?i)\b(alert(s|ed|ing)?|monitor(ing|s)?|alarms?|paged|pager|on-call (engineer )?was)\b`)},
	{"person", regexp.MustCompile(`(?i)\b(engineers?|we|team|employee|operator)s? (noticed|discovered|observed|detected|found)\b`)},
}

// detectionIn says what noticed it, by the first words that tell.
func detectionIn(text string) string {
	best, by := len(text), ""
	for _, n := range noticed {
		if at := n.words.FindStringIndex(text); at != nil && at[0] < best {
			best, by = at[0], n.by
		}
	}
	return by
}

// affected finds a number of customers that a text names.
var affected = regexp.MustCompile(`(?i)\b([0-9][0-9.,]*)[ \t]*(million|thousand|k|m)?[ \t]+(customers|users|accounts|subscribers|players|people|passengers)\b`)
