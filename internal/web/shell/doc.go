// Package shell is what every page of Hansei stands in: who asks, the layout
// and the navigation around the content, what an error means for the person,
// the note that a form leaves for the page after it, and the wait until a write
// is seen.
//
// The packages that hold pages share it, so that each of them can be as large
// as its own matter and no larger. It knows no page: which there are is said in
// package web.
package shell
