package retros

import (
	"fmt"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
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

// raw is HTML that is safe already.
func raw(html string) templ.Component { return templ.Raw(html) }
