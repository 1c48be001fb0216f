package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"hansei/internal/auth"
	"hansei/internal/retro/document"
	"hansei/internal/retro/past"
)

// RetroUpload is a document of the past.
type RetroUpload struct {
	Stream
	Name   string `query:"name" required:"true" doc:"The file's name, with its folders; its ending says what it is"`
	Review bool   `query:"review" doc:"Only read it: it waits on the page until somebody confirms what was found"`
}

// Brought is what came of a document: records, or what waits for a person's word.
type Brought struct {
	past.Imported
	Paper *past.Paper `json:"document,omitempty" doc:"What was read, when it waits to be confirmed"`
}

func (a *edge) importRetro(ctx context.Context, who auth.Actor, in *RetroUpload) (*answer[Brought], error) {
	text, err := io.ReadAll(in.body)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(in.Name)
	if in.Review {
		p, err := a.Past.Put(ctx, who, name, text)
		if err != nil {
			return nil, err
		}
		out := Brought{Paper: &p}
		if p.Found != nil {
			out.Title, out.Services, out.Notes = p.Found.Retrospective.Title, p.Found.Services, p.Found.Notes
		}
		return answered(out)
	}
	out, seq, err := a.Past.Import(ctx, who, name, text)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return answered(Brought{Imported: out})
}

// PaperList asks for documents of the past.
type PaperList struct {
	Caller
	State  string    `query:"state" enum:"waiting,confirmed,failed,done,dropped," doc:"All when empty"`
	Before time.Time `query:"before" doc:"Received before"`
	Limit  int       `query:"limit" default:"50" minimum:"1" maximum:"500"`
}

// Papers are documents of the past and how many are in each state.
type Papers struct {
	Documents []past.Paper   `json:"documents"`
	Counts    map[string]int `json:"counts"`
}

func (a *edge) listPapers(ctx context.Context, who auth.Actor, in *PaperList) (*answer[Papers], error) {
	list, err := a.Past.List(ctx, who.Scope(), in.State, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	counts, err := a.Past.Counts(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(Papers{Documents: list, Counts: counts})
}

// PaperParam names a document of the past.
type PaperParam struct {
	Caller
	ID string `path:"id"`
}

func (a *edge) getPaper(ctx context.Context, who auth.Actor, in *PaperParam) (*answer[past.Paper], error) {
	p, err := a.Past.Get(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	return answered(p)
}

// PaperCorrection is what a person says of what was read.
type PaperCorrection struct {
	PaperParam
	Body past.Correction
}

func (a *edge) correctPaper(ctx context.Context, who auth.Actor, in *PaperCorrection) (*answer[past.Paper], error) {
	p, err := a.Past.Correct(ctx, who, in.ID, in.Body)
	if err != nil {
		return nil, err
	}
	return answered(p)
}

func (a *edge) confirmPaper(ctx context.Context, who auth.Actor, in *PaperParam) (*answer[past.Imported], error) {
	out, seq, err := a.Past.Confirm(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return answered(out)
}

func (a *edge) confirmPapers(ctx context.Context, who auth.Actor, _ *Caller) (*answer[Papers], error) {
	if err := a.Past.ConfirmAll(ctx, who); err != nil {
		return nil, err
	}
	a.Background(func(ctx context.Context) {
		if err := a.Past.Work(ctx, who); err != nil && ctx.Err() == nil {
			a.Log.Error("confirmed documents could not all be made records", "error", err)
		}
	})
	counts, err := a.Past.Counts(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(Papers{Documents: []past.Paper{}, Counts: counts})
}

// PaperDrop takes a document off the list, or puts it back.
type PaperDrop struct {
	PaperParam
	Body struct {
		Dropped bool `json:"dropped"`
	}
}

func (a *edge) dropPaper(ctx context.Context, who auth.Actor, in *PaperDrop) (*answer[past.Paper], error) {
	if err := a.Past.Drop(ctx, who, in.ID, in.Body.Dropped); err != nil {
		return nil, err
	}
	return a.getPaper(ctx, who, &in.PaperParam)
}

// ArchiveUpload is a zip file of documents.
type ArchiveUpload struct {
	Stream
	Name string `query:"name" default:"documents.zip"`
}

// maxArchive is how large a zip file may be that is read from memory here; the
// page takes larger ones.
const maxArchive = 64 << 20

func (a *edge) importArchive(ctx context.Context, who auth.Actor, in *ArchiveUpload) (*answer[Papers], error) {
	text, err := io.ReadAll(in.body)
	if err != nil {
		return nil, err
	}
	out := Papers{Documents: []past.Paper{}}
	err = a.Past.PutArchive(ctx, who, in.Name, bytes.NewReader(text), int64(len(text)), func(p past.Paper) {
		p.Found = nil // hundreds of them
		out.Documents = append(out.Documents, p)
	})
	if err != nil {
		return nil, err
	}
	if out.Counts, err = a.Past.Counts(ctx, who.Scope()); err != nil {
		return nil, err
	}
	return answered(out)
}

// RetroFormat is how a document is written.
type RetroFormat struct {
	RetroParam
	Format string `query:"format" enum:"markdown,html,pdf,word,docs,confluence" default:"markdown"`
}

func (a *edge) retroDocument(ctx context.Context, who auth.Actor, in *RetroFormat) (*huma.StreamResponse, error) {
	id, err := a.retroID(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	doc, err := a.Retros.Document(ctx, who.Scope(), id)
	if err != nil {
		return nil, err
	}
	text, media, ending, err := doc.As(in.Format)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", media)
		c.SetHeader("Content-Disposition", fmt.Sprintf("attachment; filename=%q", document.FileName(doc.Retrospective)+ending))
		c.SetHeader("X-Content-Type-Options", "nosniff")
		if _, err := io.WriteString(c.BodyWriter(), text); err != nil {
			a.Log.Debug("a document broke off", "error", err)
		}
	}}, nil
}

// documentRoutes are the operations on retrospectives as documents, coming in
// and going out.
func (a *edge) documentRoutes() {
	on(a, op("GET", "/retrospectives/{id}/document", "retrospective-document", "The document as Markdown, HTML, PDF, for Word, for Google Docs or for Confluence"), a.retroDocument)
	on(a, upload(op("POST", "/retrospective-imports", "import-retrospective", "Take in a document of the past: Markdown, HTML, of Confluence or of Word"), "application/octet-stream", document.Max), a.importRetro)
	on(a, upload(op("POST", "/retrospective-archives", "import-archive", "Read the documents of a zip file; they wait to be confirmed"), "application/octet-stream", maxArchive), a.importArchive)
	on(a, op("GET", "/retrospective-archives", "export-archive", "Many retrospectives as one zip file, with an index; sent as it is read"), a.exportArchive)
	on(a, op("GET", "/retrospective-imports", "list-documents", "Documents of the past that wait, and what came of the others"), a.listPapers)
	on(a, op("POST", "/retrospective-imports/confirm", "confirm-documents", "Confirm all that waits; records are made of them one after the other"), a.confirmPapers)
	on(a, op("GET", "/retrospective-imports/{id}", "get-document", "A document of the past and what was read in it"), a.getPaper)
	on(a, op("PATCH", "/retrospective-imports/{id}", "correct-document", "Correct what was read in it"), a.correctPaper)
	on(a, op("POST", "/retrospective-imports/{id}/confirm", "confirm-document", "Make records of it"), a.confirmPaper)
	on(a, op("POST", "/people/{id}/forget", "forget-person", "Take a person out of everything that is kept; it cannot be undone"), a.forgetPerson)
	on(a, op("POST", "/retrospective-imports/{id}/drop", "drop-document", "Take it off the list, or back onto it"), a.dropPaper)
}
