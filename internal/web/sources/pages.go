package sources

import (
	"net/http"
	"net/url"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about sources.
type Pages struct {
	*shell.Shell
	Sources *connect.Sources
	// Deliveries is the page of what one source delivered.
	Deliveries shell.Page
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /sources":                     p.list,
		"GET /sources/new":                 p.tools,
		"GET /sources/{name}":              p.one,
		"GET /sources/{name}/{part}":       part(p.newForm, map[string]shell.Page{"deliveries": p.Deliveries}),
		"POST /sources/new/{tool}/test":    p.testNew,
		"POST /sources/new/{tool}/preview": p.previewNew,
		"POST /sources/{name}/{part}": part(p.add, map[string]shell.Page{"test": p.test, "settings": p.saveSettings,
			"filter": p.saveFilter, "try": p.tryFilter, "preview": p.preview, "pause": p.pause, "resume": p.resume, "rotate": p.rotate,
			"pull": p.pull, "backfill": p.backfill, "replay": p.replay, "remove": p.remove}),
	}
}

// part tells /sources/new/{tool} from the parts of a source's page, which the
// patterns of a ServeMux cannot.
func part(ofNew shell.Page, parts map[string]shell.Page) shell.Page {
	return func(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
		name := r.PathValue("part")
		if r.PathValue("name") == reserved {
			r.SetPathValue("tool", name)
			return ofNew(w, r, who)
		}
		if p, ok := parts[name]; ok {
			return p(w, r, who)
		}
		return hansei.ErrNotFound
	}
}

// reserved is the name no source can have here: its address is taken.
const reserved = "new"

var crumbs = []ui.Link{{Text: "Sources", URL: "/sources"}}

func at(name string) string { return "/sources/" + url.PathEscape(name) }

// live says that a page asks for its changing part alone, to swap it in.
func live(r *http.Request) bool { return r.URL.Query().Get("part") == "live" }
