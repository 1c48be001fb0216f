package document

import "hansei"

// As writes the document in a format, and says its media type and how a file
// of it ends.
func (d Document) As(format string) (text, media, ending string, err error) {
	switch format {
	case "markdown":
		text, err = d.Markdown()
		return text, "text/markdown; charset=utf-8", ".md", err
	case "html":
		text, err = d.HTML()
		return text, "text/html; charset=utf-8", ".html", err
	case "word": // Word opens HTML under its own name
		text, err = d.Word()
		return text, "application/msword", ".doc", err
	case "pdf":
		text, err = d.PDF()
		return text, "application/pdf", ".pdf", err
	case "docs":
		text, err = d.Docs()
		return text, "text/html; charset=utf-8", ".html", err
	case "confluence":
		text, err = d.Confluence()
		return text, "application/xhtml+xml; charset=utf-8", ".xml", err
	}
	return "", "", "", hansei.Invalid("format", "%q: expected markdown, html, pdf, word, docs or confluence", format)
}

// FileName is what a file of a retrospective is called, without its ending.
func FileName(r *hansei.Retrospective) string {
	if name := string(hansei.Slug(r.Title)); name != "" {
		return name
	}
	return "retrospective"
}
