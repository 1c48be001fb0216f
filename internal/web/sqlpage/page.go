package sqlpage

import "hansei/internal/web/ui"

// Console is the page of the SQL console.
type Console struct {
	Console  ui.Console
	Share    string // the address of this query; "" for none
	Examples []Example
}

// Example is a query to begin with.
type Example struct {
	Asks, SQL, URL string
}
