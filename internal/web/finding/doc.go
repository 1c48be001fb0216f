// Package finding is where people find again: the search page and what the
// palette offers, what an incident is like, and what a service has taught.
package finding
