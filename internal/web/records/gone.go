package records

import (
	"slices"

	"hansei"
	"hansei/internal/web/ui"
)

// Gone says why no list and no figure counts a record that is deleted: because
// a person said so, or because of what its sources say. Link leads to what
// decides that; it may be nil.
func Gone(kind hansei.Kind, head *hansei.Header) (text string, link *ui.Link) {
	noun := Noun(kind)
	const out = "no list and no figure counts it"
	if head.ByHand || len(head.From) == 0 || slices.ContainsFunc(head.From, func(o hansei.Observed) bool { return o.Out == "" }) {
		return "This " + noun + " is deleted: " + out + ".", nil
	}
	name := head.From[0].Source
	at := "/sources/" + name
	switch head.From[0].Out {
	case hansei.OutOther:
		return "For " + name + ", with its settings as they are, this is no " + noun + ": " + out + ". It comes back by itself if that changes.",
			&ui.Link{Text: "The settings", URL: at + "#settings"}
	case hansei.OutFiltered:
		return "The filter of " + name + " leaves this " + noun + " out: " + out + ". It comes back by itself when the filter lets it in.", &ui.Link{Text: "The filter", URL: at + "#filter"}
	case hansei.OutIncomplete:
		return "What " + name + " told of this " + noun + " is not whole yet: " + out + " until the rest has come.", nil
	case hansei.OutRemoved:
		return "The source " + name + " was removed with its data, and this " + noun + " with it: " + out + ".", nil
	}
	return "This " + noun + " was deleted at " + name + ": " + out + ".", nil
}
