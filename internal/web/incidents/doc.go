// Package incidents draws the list of incidents and the page of one. It shows
// what it is given and asks nothing.
package incidents
