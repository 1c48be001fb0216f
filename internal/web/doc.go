// Package web serves Hansei's pages: what a person sees of the records, the
// figures and the imports.
//
// A page is a handler that asks one or two packages for what it shows, fills
// the view models of package ui and renders them inside ui.Layout. The state of
// a page is its URL, so every view can be shared and the browser's own buttons
// work. Links and forms are swapped in by htmx (hx-boost on the body), which is
// faster than a page load and nothing else: without scripts every page still
// reads, and every form still sends.
//
// htmx 4 differs from what most examples show: attributes hold for their own
// element only, unless written name:inherited, and error answers are swapped in
// like any other, so an error page needs nothing special.
//
// The answers carry asset.CSP: no script and no style stands in a page.
package web
