// Package archive writes many retrospectives into one zip file, as it reads
// them: one document at a time is in memory, however many there are. Which ones
// is said by a Filter, the same that narrows down the list of retrospectives.
package archive
