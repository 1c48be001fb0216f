package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/web/imports"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// dropPage is the first step: a place to drop a file.
func (s *Server) dropPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	p := ui.Page{Title: "Import a file", Lead: "See how it would be read before anything changes.", Crumbs: []ui.Link{{Text: "Imports", URL: "/imports"}}}
	return s.show(w, r, who, p, imports.DropPage(ui.Upload{Action: "/imports/new", Name: "file", Label: "Drop a file here, or choose one",
		Help: "Nothing is imported yet: you look at it first."}))
}

var nothing = sha256.Sum256(nil)

// dropFile stores an upload as it streams in, never whole in memory.
func (s *Server) dropFile(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	hash, name, err := s.upload(r, who)
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) && !strings.Contains(r.Header.Get("Accept"), "text/html") {
		// The script that shows the progress reads the reason as text.
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, err = io.WriteString(w, invalid.Reason)
		return gone(err)
	}
	if err != nil {
		return err
	}
	return shell.Back(w, r, "/imports/new/"+hash+"?"+url.Values{"name": {name}}.Encode())
}

func (s *Server) upload(r *http.Request, who auth.Actor) (hash, name string, err error) {
	none := hansei.Invalid("file", "no file came with the form; choose one and send it again")
	parts, err := r.MultipartReader()
	if err != nil {
		return "", "", none
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return "", "", none
		}
		if err != nil {
			return "", "", hansei.Invalid("file", "the upload broke off: %v", err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return s.keep(r, who, part)
		}
	}
}

func (s *Server) keep(r *http.Request, who auth.Actor, part *multipart.Part) (hash, name string, err error) {
	name = path.Base(strings.ReplaceAll(part.FileName(), `\`, "/"))
	hash, err = s.Records.PutBlob(r.Context(), who, name, part.Header.Get("Content-Type"), part)
	if err == nil && hash == hex.EncodeToString(nothing[:]) {
		err = hansei.Invalid("file", "%s is empty: it has no bytes", name)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = hansei.Invalid("file", "the upload of %s broke off; nothing of it is kept", name)
	}
	return hash, name, err
}

// importUpload imports an upload as the form says it is to be read.
func (s *Server) importUpload(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<20)
	if err := r.ParseForm(); err != nil {
		return hansei.Invalid("", "the form could not be read: %v", err)
	}
	ask := askedPlan(r.PathValue("hash"), r.PostForm)
	body, err := s.Records.OpenBlob(r.Context(), who.Scope(), ask.hash)
	if err != nil {
		return err
	}
	o, err := ask.options()
	if err != nil {
		return errors.Join(err, body.Close())
	}
	d, known, err := s.Imports.Receive(r.Context(), who, ask.name, o, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}
	return s.begin(w, r, who, d, known)
}

// begin has a delivery understood, unless it was already.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, who auth.Actor, d record.Delivery, known bool) error {
	switch {
	case known && d.State == record.DeliveryDone:
		if err := shell.Tell(w, ui.Toast{Text: "This very file was imported before, read the same way. Nothing changed."}); err != nil {
			return err
		}
	case known && d.State == record.DeliveryFailed:
		return s.replayed(w, r, who, d.ID)
	case !known:
		s.understand(r.Context(), who, d.ID)
	}
	return shell.Back(w, r, "/imports/"+d.ID)
}

func (s *Server) replayed(w http.ResponseWriter, r *http.Request, who auth.Actor, id string) error {
	r.SetPathValue("id", id)
	return s.replayImport(w, r, who)
}
