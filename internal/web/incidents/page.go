package incidents

import "hansei/internal/web/ui"

// List is the page of the list.
type List struct {
	Query  ui.Query // what stands in the URL, for the search form
	Search string
	Table  ui.Table
}

// kept are the values of the URL that the search form must not lose.
func (l List) kept() [][2]string {
	var out [][2]string
	add := func(name, value string) {
		if value != "" {
			out = append(out, [2]string{name, value})
		}
	}
	add("since", l.Query.Since)
	add("until", l.Query.Until)
	for _, w := range l.Query.Where {
		add("where", w)
	}
	add("sort", l.Query.Rest.Get("sort"))
	return out
}
