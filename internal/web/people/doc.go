// Package people knows what people are called, and holds the page on which a
// reader says which of them they are: until there are accounts, that is how
// what they write gets a name.
package people
