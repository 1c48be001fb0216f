package sourcetest

import (
	"slices"

	"hansei"
)

// Are are the observations that tell what something is, without those that
// tell what it is not.
func Are(said []hansei.Observation) []hansei.Observation {
	return slices.DeleteFunc(slices.Clone(said), func(o hansei.Observation) bool { return o.None })
}
