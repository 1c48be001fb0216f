package papers

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/document"
	"hansei/internal/retro/past"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// tally is what came of an upload.
type tally struct{ read, failed, known, passed int }

func (t *tally) add(p past.Paper) {
	switch {
	case p.Known:
		t.known++
	case p.State == past.Failed:
		t.failed++
	default:
		t.read++
	}
}

func (t *tally) text() string {
	parts := []string{ui.Plural(t.read, "document was read", "documents were read")}
	if t.failed > 0 {
		parts = append(parts, ui.Plural(t.failed, "cannot be", "cannot be")+" read")
	}
	if t.known > 0 {
		parts = append(parts, ui.Plural(t.known, "was", "were")+" here before")
	}
	if t.passed > 0 {
		parts = append(parts, ui.Plural(t.passed, "file is", "files are")+" no document")
	}
	return strings.Join(parts, ", ") + "."
}

// receive reads the files of a form as they arrive: documents, and zip files
// of them.
func (p *Pages) receive(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return hansei.Invalid("file", "no file came with the form; choose some and send them again")
	}
	var t tally
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return hansei.Invalid("file", "the upload broke off: %v. What had arrived is on the list; send it again, nothing is taken in twice", err)
		}
		if part.FileName() == "" {
			continue
		}
		if err := p.take(r, who, part, &t); err != nil {
			return p.refuse(w, r, err)
		}
	}
	if t == (tally{}) {
		return p.refuse(w, r, hansei.Invalid("file", "no file came with the form; choose some and send them again"))
	}
	to := home
	if t.read == 0 && t.failed > 0 {
		to += "?state=" + past.Failed
	}
	return shell.Done(w, r, to, ui.Toast{Text: t.text()})
}

// refuse answers the script that shows how far an upload is with the reason as
// text.
func (p *Pages) refuse(w http.ResponseWriter, r *http.Request, err error) error {
	var invalid *hansei.InvalidError
	if !errors.As(err, &invalid) || strings.Contains(r.Header.Get("Accept"), "text/html") {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_, err = io.WriteString(w, invalid.Error())
	return err
}

// fileName is the whole path of a file of a folder, which FileName cuts off.
func fileName(part *multipart.Part) string {
	_, after, ok := strings.Cut(part.Header.Get("Content-Disposition"), `filename="`)
	if name, _, end := strings.Cut(after, `"`); ok && end && strings.HasSuffix(name, part.FileName()) {
		return name
	}
	return part.FileName()
}

func (p *Pages) take(r *http.Request, who auth.Actor, part *multipart.Part, t *tally) error {
	name := fileName(part)
	if strings.EqualFold(path.Ext(name), ".zip") {
		return p.archive(r, who, name, part, t)
	}
	if !past.Readable(name) {
		t.passed++
		_, err := io.Copy(io.Discard, part)
		return err
	}
	text, err := io.ReadAll(io.LimitReader(part, document.Max+1))
	if err != nil {
		return err
	}
	if len(text) > document.Max {
		t.failed++
		return nil
	}
	paper, err := p.Shelf.Put(r.Context(), who, name, text)
	if err == nil {
		t.add(paper)
	}
	return err
}

// archive keeps a zip file on disk while it is read: its list of files stands
// at its end.
func (p *Pages) archive(r *http.Request, who auth.Actor, name string, part io.Reader, t *tally) (err error) {
	f, err := os.CreateTemp("", "hansei-*.zip")
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	n, err := io.Copy(f, io.LimitReader(part, past.MaxArchive+1))
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if n > past.MaxArchive {
		return hansei.Invalid(name, "it has more than %s", ui.Bytes(past.MaxArchive))
	}
	return p.Shelf.PutArchive(r.Context(), who, path.Base(name), f, n, t.add)
}
