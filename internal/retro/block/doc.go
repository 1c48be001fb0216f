// Package block computes the blocks in the prose of a retrospective that show
// numbers: it reads their directives and asks package metric. What it answers
// is what is kept when a retrospective is published.
package block
