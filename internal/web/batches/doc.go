// Package batches is the page on which retrospectives are drafted for a whole
// period of history: what would happen, how far it is, what came of it.
package batches
