package hansei_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A row of the import table: which of our packages a package may import, and
// why it may not import the others. Imports go down the list of ARCHITECTURE.md,
// never up. The test parses the sources, so it cannot be served from a cache
// after the tree breaks.
var table = map[string]struct {
	may []string
	why string
}{
	"hansei":                            {nil, "the words are pure: they know nobody"},
	"hansei/internal/auth":              {[]string{"hansei"}, "permission is decided below everything that asks for it"},
	"hansei/internal/stat":              {nil, "statistics know only numbers"},
	"hansei/internal/chart":             {nil, "a chart is a description, not a question"},
	"hansei/internal/record":            {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record/dial", "hansei/internal/record/file", "hansei/internal/record/gather", "hansei/internal/record/hint", "hansei/internal/record/lock", "hansei/internal/record/pack", "hansei/internal/record/prepared", "hansei/internal/record/recent", "hansei/internal/record/spool", "hansei/internal/record/tables", "hansei/internal/record/verdict", "hansei/internal/record/words"}, "the journal does not know what is derived from it"},
	"hansei/internal/record/file":       {[]string{"hansei/internal/record/verdict"}, "a file is judged before anybody reads records in it"},
	"hansei/internal/record/lock":       {nil, "who has a directory knows not what is in it"},
	"hansei/internal/record/dial":       {nil, "a connection knows no record"},
	"hansei/internal/record/hint":       {nil, "a hint knows no record"},
	"hansei/internal/record/gather":     {[]string{"hansei/internal/record/words"}, "rows that wait to be written are values"},
	"hansei/internal/record/pack":       {[]string{"hansei"}, "a payload is bytes"},
	"hansei/internal/record/prepared":   {nil, "statements are texts"},
	"hansei/internal/record/recent":     {nil, "the end of a log knows not what its entries say"},
	"hansei/internal/record/follow":     {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record"}, "who follows the journal knows only the journal"},
	"hansei/internal/record/spool":      {[]string{"hansei/internal/record/file"}, "what waits is bytes"},
	"hansei/internal/record/verdict":    {nil, "errors are judged by what the engines say"},
	"hansei/internal/record/words":      {nil, "a statement is text"},
	"hansei/internal/record/tables":     {nil, "tables are texts"},
	"hansei/internal/record/recordtest": {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/record/pack"}, "a behaviour suite speaks the store's interface only"},
	"hansei/internal/record/pgtest":     {nil, "starting PostgreSQL knows nothing of what is kept in it"},
	"hansei/internal/fact/duck":         {nil, "the layer over DuckDB knows no words of ours"},
	"hansei/internal/fact":              {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact/duck"}, "facts are rows; meanings are in metric"},
	"hansei/internal/source/file":       {[]string{"hansei", "hansei/internal/source/jq", "hansei/internal/source/file/table", "hansei/internal/source/file/clock", "hansei/internal/source/file/word"}, "understanding a file is pure"},
	"hansei/internal/source/file/table": {[]string{"hansei"}, "rows know errors of ours and no more"},
	"hansei/internal/source/file/clock": {[]string{"hansei"}, "times know no words of ours"},
	"hansei/internal/source/file/word":  {[]string{"hansei"}, "words of tools become words of ours, and nothing else"},
	"hansei/internal/source/jq":         {nil, "an evaluator knows no words of ours"},
	"hansei/internal/source/fetch":      {nil, "a call knows no words of ours"},
	"hansei/internal/source":            {[]string{"hansei", "hansei/internal/source/fetch"}, "what a source is, not which there are"},
	"hansei/internal/source/sourcetest": {[]string{"hansei", "hansei/internal/source", "hansei/internal/source/fetch"}, "properties that every source must have know none of them"},
	"hansei/internal/source/*":          {[]string{"hansei", "hansei/internal/source", "hansei/internal/source/fetch", "hansei/internal/source/jq", "hansei/internal/source/file", "hansei/internal/source/file/*"}, "a tool is understood by a pure function: it knows no store, no clock and no other tool"},
	"hansei/internal/seal":              {nil, "a box knows not what is in it"},
	"hansei/internal/job":               {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record"}, "the queue knows not what is done"},
	"hansei/internal/intake/fold":       {[]string{"hansei", "hansei/internal/intake/link"}, "what a source says is put together before anything is known of others"},
	"hansei/internal/intake/link":       {[]string{"hansei"}, "what records are called is read from them alone"},
	"hansei/internal/intake/resolve":    {[]string{"hansei", "hansei/internal/intake/parts", "hansei/internal/auth", "hansei/internal/record"}, "what things are called is known from the record alone"},
	"hansei/internal/intake/precedence": {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record"}, "rules are checked by what the record holds"},
	"hansei/internal/intake/parts":      {[]string{"hansei", "hansei/internal/intake/fold", "hansei/internal/intake/link"}, "a record is put together from what was said of it alone"},
	"hansei/internal/intake":            {[]string{"hansei", "hansei/internal/intake/parts", "hansei/internal/intake/precedence", "hansei/internal/intake/fold", "hansei/internal/intake/link", "hansei/internal/intake/resolve", "hansei/internal/schema", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/record/follow", "hansei/internal/source", "hansei/internal/source/file"}, "intake fills the journal and counts nothing"},
	"hansei/internal/affected":          {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/record/follow", "hansei/internal/intake", "hansei/internal/intake/link"}, "who counts knows how things are linked, and neither who tells of them nor who shows them"},
	"hansei/internal/connect":           {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/record/pack", "hansei/internal/source", "hansei/internal/source/fetch", "hansei/internal/source/jq", "hansei/internal/intake", "hansei/internal/seal"}, "connecting knows what a source is, and no tool"},
	"hansei/internal/coverage":          {[]string{"hansei", "hansei/internal/auth", "hansei/internal/connect", "hansei/internal/fact", "hansei/internal/metric"}, "what a source covers is asked of the facts; no tool and no page is known"},
	"hansei/internal/metric":            {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/fact/duck", "hansei/internal/stat"}, "numbers are asked for, never pushed"},
	"hansei/internal/schema":            {[]string{"hansei"}, "what may be done with a schema is pure"},
	"hansei/internal/search":            {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record"}, "words are found, not understood"},
	"hansei/internal/recall":            {[]string{"hansei", "hansei/internal/fact", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/search", "hansei/internal/stat"}, "the past is asked for, and judged; who writes of it is not known"},
	"hansei/internal/retro/impact":      {[]string{"hansei"}, "what an incident took is computed from what it is given"},
	"hansei/internal/retro/agreement":   {[]string{"hansei", "hansei/internal/stat"}, "how well people agree is computed from what it is given"},
	"hansei/internal/retro/document":    {[]string{"hansei", "hansei/internal/source/file/clock", "hansei/internal/retro/pdf"}, "reading and writing a document is pure"},
	"hansei/internal/retro/pdf":         {nil, "setting pages knows no records"},
	"hansei/internal/retro/prose":       {[]string{"hansei"}, "what a text refers to is said by who shows it"},
	"hansei/internal/retro/block":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/metric"}, "a block asks for its number as every page does"},
	"hansei/internal/retro/meeting":     {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/retro"}, "a meeting is prepared from what is written; no page and no API is known"},
	"hansei/internal/retro/model":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/seal", "hansei/internal/chart", "hansei/internal/source/fetch", "hansei/internal/retro", "hansei/internal/retro/document", "hansei/internal/retro/prose"}, "a language model is asked with what is drafted and held to it; no page and no API is known"},
	"hansei/internal/retro/past":        {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/intake", "hansei/internal/retro", "hansei/internal/retro/document"}, "bringing in the past knows how to read and what a retrospective is"},
	"hansei/internal/retro/archive":     {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/retro", "hansei/internal/retro/batch", "hansei/internal/retro/document"}, "writing many is writing one, again and again; no page and no API is known"},
	"hansei/internal/retro/batch":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/retro"}, "drafting many at once is drafting one, again and again; no page and no API is known"},
	"hansei/internal/retro":             {[]string{"hansei", "hansei/internal/retro/agreement", "hansei/internal/retro/impact", "hansei/internal/recall", "hansei/internal/retro/document", "hansei/internal/retro/prose", "hansei/internal/schema", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/search", "hansei/internal/intake", "hansei/internal/intake/parts", "hansei/internal/chart"}, "retrospectives are written from what the record holds; no page and no API is known"},
	"hansei/internal/notify":            {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/seal", "hansei/internal/source/fetch"}, "messages are brought, not thought of: what is worth telling is decided above"},
	"hansei/internal/watch":             {[]string{"hansei", "hansei/internal/recall", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/record/follow", "hansei/internal/retro", "hansei/internal/notify"}, "what is done by itself is done by what people could do, and told by what tells"},
	"hansei/internal/tracker":           {[]string{"hansei", "hansei/internal/source/fetch"}, "what a tracker is, not which there are; it keeps nothing"},
	"hansei/internal/tracker/*":         {[]string{"hansei", "hansei/internal/tracker", "hansei/internal/source/fetch"}, "a tool takes issues; it knows no store, no clock and no other tool"},
	"hansei/internal/followup":          {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/intake", "hansei/internal/intake/link", "hansei/internal/retro", "hansei/internal/tracker", "hansei/internal/source/fetch"}, "follow-ups live between the record and a tracker; no page, no API and no tool is known"},
	"hansei/internal/api":               {[]string{"hansei", "hansei/internal/retro/agreement", "hansei/internal/retro/meeting", "hansei/internal/forget", "hansei/internal/followup", "hansei/internal/recall", "hansei/internal/notify", "hansei/internal/watch", "hansei/internal/retro", "hansei/internal/retro/archive", "hansei/internal/retro/batch", "hansei/internal/retro/document", "hansei/internal/retro/model", "hansei/internal/retro/past", "hansei/internal/search", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/file", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/rulebook"}, "the API is an edge: it computes nothing"},
	"hansei/internal/forget":            {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/source/file/table"}, "who forgets knows what is kept, packed or not, and nobody who shows it"},
	"hansei/internal/rulebook":          {[]string{"hansei", "hansei/internal/schema", "hansei/internal/retro", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/fact/duck", "hansei/internal/intake"}, "rules are changed for records that are there; no page and no API is known"},
	"hansei/internal/web":               {[]string{"hansei", "hansei/internal/followup", "hansei/internal/forget", "hansei/internal/retro/archive", "hansei/internal/retro/batch", "hansei/internal/retro/model", "hansei/internal/retro/past", "hansei/internal/recall", "hansei/internal/search", "hansei/internal/retro", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source/file", "hansei/internal/intake", "hansei/internal/intake/link", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/notify", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*", "hansei/internal/rulebook"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/shell":         {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "what all pages stand in is an edge: it computes nothing"},
	"hansei/internal/web/retrorules":    {[]string{"hansei", "hansei/internal/followup", "hansei/internal/rulebook", "hansei/internal/retro/model", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/sources":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/deliveries":    {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/followups":     {[]string{"hansei", "hansei/internal/followup", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/joins":         {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/intake/link", "hansei/internal/intake/parts", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/jobs":          {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/people":        {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/finding":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/metric", "hansei/internal/recall", "hansei/internal/search", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/notices":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/notify", "hansei/internal/watch", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/drafts":        {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/retro", "hansei/internal/retro/*", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/batches":       {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/retro/batch", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/papers":        {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/retro", "hansei/internal/retro/*", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/forgetting":    {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/forget", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/retros":        {[]string{"hansei", "hansei/internal/auth", "hansei/internal/record", "hansei/internal/fact", "hansei/internal/source", "hansei/internal/source/generic", "hansei/internal/intake", "hansei/internal/connect", "hansei/internal/job", "hansei/internal/schema", "hansei/internal/retro", "hansei/internal/retro/*", "hansei/internal/search", "hansei/internal/metric", "hansei/internal/chart", "hansei/internal/web/*"}, "pages are an edge: they compute nothing"},
	"hansei/internal/web/*":             {[]string{"hansei", "hansei/internal/chart", "hansei/internal/web/*"}, "components show what they are given"},
	"hansei/client":                     {nil, "the client speaks HTTP and can be vendored alone"},
	"hansei/internal/app":               {[]string{"*"}, "the only package that knows everyone"},
	"hansei/internal/cli/quantity":      {nil, "a number is written from what it is given"},
	"hansei/internal/cli/pipe":          {nil, "connections within one process"},
	"hansei/internal/cli":               {[]string{"hansei", "hansei/internal/cli/quantity", "hansei/internal/cli/pipe", "hansei/client", "hansei/internal/app"}, "a command calls the API and nothing else"},
	"hansei/internal/tune":              {nil, "how Go runs is no matter of what it runs"},
	"hansei/cmd/hansei":                 {[]string{"hansei/internal/cli"}, "main only begins"},
}

// sole names third-party modules that exactly one package may import.
var sole = map[string]string{
	"github.com/mattn/go-sqlite3": "hansei/internal/record",
	"github.com/duckdb/":          "hansei/internal/fact/duck",
	"gonum.org/":                  "hansei/internal/stat",
	"github.com/parquet-go/":      "hansei/internal/source/file",
	"github.com/itchyny/gojq":     "hansei/internal/source/jq",
	"github.com/jackc/":           "hansei/internal/record",
	"github.com/riverqueue/":      "hansei/internal/job",
	"github.com/danielgtaylor/":   "hansei/internal/api",
	"github.com/spf13/":           "hansei/internal/cli",
	"github.com/dop251/goja":      "hansei/internal/chart",
	"github.com/wneessen/":        "hansei/internal/notify",
}

func TestImports(t *testing.T) {
	for pkg, imports := range sources(t) {
		row, ok := table[pkg]
		for _, below := range []string{"hansei/internal/web/", "hansei/internal/source/", "hansei/internal/tracker/"} {
			if !ok && strings.HasPrefix(pkg, below) {
				row, ok = table[below+"*"]
				self, _, _ := strings.Cut(strings.TrimPrefix(pkg, below), "/")
				row.may = append(slices.Clone(row.may), below+self, below+self+"/*")
			}
		}
		if !ok {
			t.Errorf("%s is not in the import table: add its row and its reason", pkg)
			continue
		}
		for _, im := range imports {
			if strings.HasPrefix(im, "hansei") && !allowed(row.may, im) {
				t.Errorf("%s imports %s, but %s", pkg, im, row.why)
			}
			for prefix, owner := range sole {
				if strings.HasPrefix(im, prefix) && pkg != owner && !strings.HasPrefix(pkg, owner+"/") {
					t.Errorf("%s imports %s, which only %s may", pkg, im, owner)
				}
			}
			if pkg == "hansei" && strings.Contains(strings.Split(im, "/")[0], ".") {
				t.Errorf("package hansei imports %s; it may import the standard library only", im)
			}
		}
	}
}

// TestZones: the program brings the time zones along. Without them a machine
// that has none would take those of people and tools for unknown.
func TestZones(t *testing.T) {
	if !slices.Contains(sources(t)["hansei/cmd/hansei"], "time/tzdata") {
		t.Error("hansei/cmd/hansei does not import time/tzdata")
	}
}

func allowed(may []string, im string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		return m == "*" || m == im || strings.HasSuffix(m, "/*") && strings.HasPrefix(im, strings.TrimSuffix(m, "*"))
	})
}

// larger names the packages that are to be split (docs/adr/0008-sizes.md), and
// up to where they may grow until then.
var larger = map[string]int{".": 3440, "internal/web": 5000, "internal/web/retros": 3500, "internal/metric": 4500, "internal/cli": 4950, "internal/stat": 3000, "internal/api": 4500, "internal/record": 4880, "internal/intake": 3520, "internal/retro": 3500}

// TestSizes holds the rule that a file of ours has at most 400 lines and a
// package at most 2,500 (tests and generated code apart).
func TestSizes(t *testing.T) {
	lines := map[string]int{}
	walk(t, func(path string, text []byte) {
		n := strings.Count(string(text), "\n")
		if n > 400 {
			t.Errorf("%s has %d lines: find the missing noun", path, n)
		}
		lines[filepath.Dir(path)] += n
	})
	for dir, n := range lines {
		if limit := max(2500, larger[dir]); n > limit {
			t.Errorf("%s has %d lines in all; at most %d", dir, n, limit)
		}
	}
}

func walk(t *testing.T, fn func(path string, text []byte)) {
	t.Helper()
	const root = "."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || (strings.HasPrefix(d.Name(), ".") && path != root)) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fn(path, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sources(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	walk(t, func(path string, text []byte) {
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := "hansei"
		if dir := filepath.ToSlash(filepath.Dir(path)); dir != "." {
			pkg += "/" + dir
		}
		for _, im := range f.Imports {
			p, err := strconv.Unquote(im.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[pkg] = append(out[pkg], p)
		}
	})
	return out
}
