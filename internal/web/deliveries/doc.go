// Package deliveries holds the pages about what live sources delivered: each
// payload as it arrived, what was understood of it, and the way to have it
// understood again.
//
// A delivery is shown as text and never as anything else: whoever can reach a
// webhook decides what stands in it. Files that people import are package
// imports' matter.
package deliveries
