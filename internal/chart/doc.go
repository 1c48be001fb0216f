// Package chart draws numbers: it makes option objects for Apache ECharts and
// small SVG pictures.
//
// A chart is one value, Chart: the option object, the sentence that states the
// finding (which is also the text for people who cannot see the picture), and
// the table of the same numbers. The browser draws the option live; Static
// draws the very same option to SVG on the server by running the same library
// in a JavaScript interpreter, so that a page, an e-mail and a PDF show the
// same picture without a headless browser.
//
// An option is JSON and holds no code and no colours. Where ECharts wants a
// function, it holds {"$": name, …}; where it wants a colour, "@token".
// assets/option.js, which runs in the browser and on the server alike, puts
// both in, so that light, dark and print are one option.
//
// The rules of the house live here: counts start at zero, durations lie on a
// log axis with human labels, an estimate is never drawn without its interval,
// there is never a second scale to read, at most six lines share a picture,
// and unfinished periods are hatched.
//
// It is not statistics: every value, interval and limit comes from the caller.
package chart
