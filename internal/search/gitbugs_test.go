package search

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hansei"
)

// TestGitBugs finds known duplicates among bug reports (GitBugs, CC BY 4.0):
// every other report is a candidate, and the measure is where the duplicate
// stands. The least that is asked for comes from the measurement that chose
// the method (.817 and .623).
func TestGitBugs(t *testing.T) {
	const folder = "../../../shared/data/gitbugs"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the bug reports are not here")
	}
	bugs := table(t, filepath.Join(folder, "hadoop_bugs.csv"))
	head := bugs[0]
	column := func(name string) int { return slices.Index(head, name) }
	x := New()
	for _, row := range bugs[1:] {
		x.Put(Doc{Key: Key{hansei.KindIncident, hansei.ID(row[column("Issue id")])}, Title: row[column("Summary")], Body: row[column("Description")]})
	}
	gold := map[hansei.ID][]hansei.ID{}
	for _, row := range table(t, filepath.Join(folder, "hadoop_bugs-combined.csv"))[1:] {
		for b := range strings.SplitSeq(row[1], ", ") { // one report has two
			a, b := hansei.ID(row[0]), hansei.ID(b)
			_, hasA := x.Doc(Key{hansei.KindIncident, a})
			_, hasB := x.Doc(Key{hansei.KindIncident, b})
			if hasA && hasB {
				gold[a] = append(gold[a], b)
			}
		}
	}
	recall, mrr := map[int]float64{}, 0.0
	for q, wanted := range gold {
		list := x.Similar(Like{Of: Key{hansei.KindIncident, q}, N: 100})
		rank := slices.IndexFunc(list, func(s Similar) bool { return slices.Contains(wanted, s.ID) })
		for _, k := range []int{1, 5, 10} {
			if rank >= 0 && rank < k {
				recall[k] += 1 / float64(len(gold))
			}
		}
		if rank >= 0 {
			mrr += 1 / float64(rank+1) / float64(len(gold))
		}
	}
	t.Logf("%d reports, %d queries: recall@1 %.3f, @5 %.3f, @10 %.3f, MRR %.3f", x.Len(), len(gold), recall[1], recall[5], recall[10], mrr)
	if recall[10] < 0.80 || mrr < 0.60 {
		t.Errorf("got recall@10 %.3f and MRR %.3f, want at least .80 and .60", recall[10], mrr)
	}
}

func table(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read from
	r := csv.NewReader(f)
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
