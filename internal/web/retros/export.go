package retros

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/ui"
)

// formats are what a retrospective is exported as.
var formats = []struct{ format, text string }{
	{"markdown", "Markdown"},
	{"html", "HTML"},
	{"pdf", "PDF"},
	{"word", "Word"},
	{"docs", "Google Docs"},
	{"confluence", "Confluence"},
}

func (p *Pages) export(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	doc, err := p.Desk.Document(r.Context(), who.Scope(), hansei.ID(r.PathValue("id")))
	if err != nil {
		return err
	}
	text, media, ending, err := doc.As(r.URL.Query().Get("format"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", string(hansei.Slug(doc.Retrospective.Title))+ending))
	if _, err := io.WriteString(w, text); err != nil {
		p.Log.Debug("a document broke off", "error", err)
	}
	return nil
}

// archiveURL answers with many retrospectives in one zip file.
const archiveURL = "/retrospective-archive"

// exports are all that the list shows, in every format.
func (a asked) exports() (out []ui.Link) {
	for _, f := range formats {
		out = append(out, ui.Link{Text: f.text, URL: a.address(archiveURL, "format", f.format)})
	}
	return append(out, ui.Link{Text: "JSON", URL: a.address(archiveURL, "format", "json")})
}

// archive sends all that the list shows, as it is read.
func (p *Pages) archive(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := p.read(r, who)
	if err != nil {
		return err
	}
	z, err := p.Archives.Open(r.Context(), who, a.Filter, r.URL.Query().Get("format"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "retrospectives-"+p.Now().UTC().Format(time.DateOnly)+".zip"))
	flusher := http.NewResponseController(w)
	if err := z.Write(r.Context(), w, func() { _ = flusher.Flush() }); err != nil { // what cannot be flushed is sent at the end
		if r.Context().Err() == nil {
			p.Log.Error("an archive broke off", "error", err)
		}
		panic(http.ErrAbortHandler) // so that nobody takes the part for the whole
	}
	return nil
}

// raw is HTML that is safe already.
func raw(html string) templ.Component { return templ.Raw(html) }
