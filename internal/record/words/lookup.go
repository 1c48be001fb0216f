package words

import "slices"

// Lookup selects columns from a table, or a join of some, where a condition
// holds and the key is one of a list.
type Lookup struct {
	Columns, From, Where, Key string
	Then                      string // what follows: an order, a limit
}

// Marks is the statement with a placeholder for each key.
func (l Lookup) Marks(scope []any, keys []string) (q string, args []any) {
	keys = Several(keys)
	return "SELECT " + l.Columns + " FROM " + l.From + " WHERE " + l.Where + " AND " + l.Key + " IN (" + Marks(len(keys)) + ")" + l.Then, With(scope, keys)
}

// Each is the statement with the keys as one array, looked up one after the
// other. Of a table that it knows little of, PostgreSQL thinks that its first
// column tells much, and reads all of a journal rather than look up 500 keys in
// it; OFFSET 0 leaves it no choice.
func (l Lookup) Each(scope []any, keys []string) (q string, args []any) {
	return "SELECT found.* FROM unnest(CAST(? AS TEXT[])) AS each (key) CROSS JOIN LATERAL (SELECT " + l.Columns + " FROM " + l.From + " WHERE " + l.Where + " AND " + l.Key + " = each.key OFFSET 0) AS found" + l.Then,
		append([]any{keys}, scope...)
}

// Several fills a list up to the next power of two by repeating its last
// element, so that few different statements are made of lists.
func Several(list []string) []string {
	n := 1
	for n < len(list) {
		n *= 2
	}
	out := slices.Clip(list)
	for len(list) > 0 && len(out) < n {
		out = append(out, list[len(list)-1])
	}
	return out
}

// With adds texts to arguments.
func With(args []any, list []string) []any {
	args = slices.Clip(args)
	for _, x := range list {
		args = append(args, x)
	}
	return args
}
