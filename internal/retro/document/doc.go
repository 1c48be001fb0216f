// Package document reads and writes retrospectives as documents: Markdown,
// HTML and what other tools export in, Markdown, HTML, and what other tools
// take out. It is pure: it knows no store, and a person confirms what it read.
//
// What it writes it understands again: title, fields, sections, timeline and
// follow-ups come back as they were.
package document
