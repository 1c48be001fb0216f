// Package sources holds the pages about live sources: what arrives and how it
// fares, how to add a tool, and everything that can be changed of one.
//
// Everything it shows of a source comes from package connect, which hands out
// no secret. The one secret that a page ever holds is that of a webhook in the
// answer to the form that made it.
package sources
