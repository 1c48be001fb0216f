// Package ui is the visual shell of Hansei's pages: the layout, the components
// that pages are made of, and how numbers and times are written.
//
// A component is a templ function of one plain struct, its view model. The
// structs hold text, numbers and links that are ready to show; they know no
// database, no metric and no permission. A page fills them, so a component
// looks the same wherever it stands, and can be looked at without any data (the
// gallery in the tests shows each one in every state).
//
// Everything reads without JavaScript. The scripts of package asset add what
// HTML cannot do: live charts, the command palette, keys, themes.
//
// What is absent is said in words. No component draws a zero or a dash for a
// value that is not known.
package ui
