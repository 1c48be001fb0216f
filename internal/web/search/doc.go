// Package search draws what a search found, for readers without scripts; with
// them the command palette shows the same. It asks nothing.
package search
