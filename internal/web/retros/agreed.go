package retros

import (
	"fmt"
	"slices"

	"hansei/internal/retro/agreement"
	"hansei/internal/web/ui"
)

// agreement is how far two raters agree on a factor, where something was coded
// twice. A second rater is not shown it.
func (f facts) agreement(name string) (agreement.Factor, bool) {
	i := slices.IndexFunc(f.Agreed, func(a agreement.Factor) bool { return a.Name == name })
	if i < 0 || f.Agreed[i].N == 0 {
		return agreement.Factor{}, false
	}
	return f.Agreed[i], true
}

// agrees says it in words.
func (f facts) agrees(name string) string {
	a, ok := f.agreement(name)
	switch {
	case !ok:
		return ""
	case a.Few:
		return fmt.Sprintf("agreement: too few, n = %d", a.N)
	case a.Kappa == nil:
		return fmt.Sprintf("agreement: chosen always or never, n = %d", a.N)
	case a.Low == nil || a.High == nil:
		return fmt.Sprintf("κ %.2f, n = %d", *a.Kappa, a.N)
	}
	return fmt.Sprintf("κ %.2f (%.2f to %.2f), n = %d", *a.Kappa, *a.Low, *a.High, a.N)
}

// weak says that two raters agree too little on a factor to rely on it.
func (f facts) weak(name string) bool {
	a, ok := f.agreement(name)
	return ok && a.Weak
}

// why says what a weak agreement means; empty where there is nothing to explain.
func (f facts) why(name string) string {
	if !f.weak(name) {
		return ""
	}
	a, _ := f.agreement(name)
	return fmt.Sprintf("Two people who read the same retrospective agree on this factor little more than by chance: of %s coded twice, both chose it in %d and only one in %d. Say more exactly what it means before you count it.",
		ui.Plural(a.N, "retrospective", "retrospectives"), a.Both, a.OnlyFirst+a.OnlySecond)
}
