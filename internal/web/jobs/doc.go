// Package jobs holds the page about work that Hansei does by itself: what runs,
// what waits, what failed and is tried again, and what was given up.
package jobs
