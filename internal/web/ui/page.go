package ui

// Link is text that leads somewhere.
type Link struct {
	Text    string
	URL     string
	Current bool // where the reader is now
}

// NavItem is an entry of the navigation. Only what works is passed in.
type NavItem struct {
	Link
	Icon string // a name in the icon sprite
	Key  string // the second key of "g …", e.g. "o"
}

// Command is an entry of the command palette: a page, a record or an action.
type Command struct {
	Text, Hint, URL, Icon string
}

// Page is what Layout needs around the content of a page.
type Page struct {
	Title        string // shown as the heading; the window's title adds the organization
	Lead         string // a sentence under the heading; may be empty
	Organization string
	Person       string // who is reading
	PersonURL    string // where they say who they are; may be empty
	Nav          []NavItem
	Under        string // the address of the entry of Nav that it belongs to, when its own does not say
	Crumbs       []Link
	Commands     []Command // actions beside the pages of Nav
	SearchURL    string    // answers GET ?q= with the fragment that SearchResults draws; "" hides the search
	Filter       *FilterBar
	Toast        *Toast
	Actions      []Link // the buttons beside the heading; the first leads
}

// product is what an organization without a name is called too.
const product = "Hansei"

// window is the title of the browser's window.
func (p Page) window() string {
	if p.Organization == product {
		return p.Title + " · " + product
	}
	return p.Title + " · " + p.Organization + " · " + product
}
