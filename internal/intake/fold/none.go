package fold

import (
	"slices"

	"hansei"
)

// deleted folds whether the thing is gone at its source, or is another one now.
// Of the two words that it is there and that it is something else, told at one
// time, the later one stands: it was understood with what is set now.
func (f *folding) deleted() {
	out := ""
	switch {
	case f.o.None:
		out = hansei.OutOther
	case f.o.Record.Head().Deleted:
		out = hansei.OutDeleted
	case f.o.Partial && !slices.Contains(f.o.Clear, "deleted"):
		return
	}
	was := f.seen.Out
	if was != hansei.OutDeleted && was != hansei.OutOther {
		was = ""
	}
	if c := f.at.Compare(f.stamp("deleted")); c < 0 || c == 0 && (was == hansei.OutDeleted || out == was) && !f.first("deleted") {
		return
	}
	f.mark("deleted")
	if out != "" || was != "" {
		f.seen.Out = out
	}
}

// Told says whether a source told of a record, by a name of its own.
func Told(rec hansei.Record, k hansei.Key) bool { return rec != nil && by(rec, k) >= 0 }

func by(rec hansei.Record, k hansei.Key) int {
	return slices.IndexFunc(rec.Head().From, func(f hansei.Observed) bool { return f.Source == k.Source && f.External == k.External })
}

// Instead is what else follows when a thing is told to be none that a newer word
// said it is, or was until it was deleted: then it is not what it is told to be
// instead, but was so before. Without that it would be both when the newer word
// came first, for then there was nothing yet that could become none. rec is the
// record with all that is told of it, said what one delivery tells.
func Instead(rec hansei.Record, none hansei.Observation, said []hansei.Observation) []hansei.Observation {
	if !none.None || none.At.IsZero() {
		return nil
	}
	seen := rec.Head().From[by(rec, none.Key)]
	since := (&folding{seen: &seen}).stamp("deleted")
	if !since.After(none.At) || seen.Out == hansei.OutOther || seen.Out == hansei.OutRemoved {
		return nil
	}
	var out []hansei.Observation
	for _, x := range said {
		k := x.Key
		if x.None || k.Source != none.Key.Source || k.External != none.Key.External || k.Kind == none.Key.Kind {
			continue
		}
		if empty, err := hansei.New(k.Kind); err == nil {
			out = append(out, hansei.Observation{Key: k, Record: empty, At: since, Partial: true, None: true})
		}
	}
	return out
}
