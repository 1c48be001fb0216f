package past

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/document"
)

// The bounds of an archive.
const (
	MaxArchive   = 512 << 20 // bytes of the file
	maxFiles     = 20_000    // in it
	maxDocuments = 5_000
)

// Endings are those of files that can be documents.
var Endings = []string{".md", ".markdown", ".html", ".htm", ".xhtml", ".xml", ".doc", ".docx"}

// Readable says whether a file may be a document, by its name alone.
func Readable(file string) bool {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	return !strings.HasPrefix(base, ".") && !strings.Contains(file, "__MACOSX") && slices.Contains(Endings, strings.ToLower(path.Ext(base)))
}

// PutArchive puts every document of a zip file onto the shelf: the export of a
// Confluence space as HTML, say. What is no document is passed over. told is
// called after each.
func (s *Shelf) PutArchive(ctx context.Context, who auth.Actor, name string, body io.ReaderAt, size int64, told func(Paper)) error {
	z, err := zip.NewReader(body, size)
	if err != nil {
		return hansei.Invalid(name, "the zip file cannot be read: %v", err)
	}
	if len(z.File) > maxFiles {
		return hansei.Invalid(name, "%d files are too many; at most %d", len(z.File), maxFiles)
	}
	n := 0
	for _, f := range z.File {
		if f.FileInfo().IsDir() || !Readable(f.Name) {
			continue
		}
		if n++; n > maxDocuments {
			return hansei.Invalid(name, "there are more than %d documents in it; the first %d are here", maxDocuments, maxDocuments)
		}
		text, err := unpack(f)
		var p Paper
		if err == nil {
			p, err = s.Put(ctx, who, f.Name, text)
		}
		var invalid *hansei.InvalidError
		if errors.As(err, &invalid) || errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrAlgorithm) {
			p, err = Paper{Name: f.Name, State: Failed, Error: err.Error()}, nil
		}
		if err != nil {
			return fmt.Errorf("%s in %s: %w", f.Name, name, err)
		}
		told(p)
	}
	if n == 0 {
		return hansei.Invalid(name, "there is no Markdown or HTML file in it")
	}
	return nil
}

// unpack reads one file of an archive, however large it says it is.
func unpack(f *zip.File) (text []byte, err error) {
	body, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := body.Close(); err == nil {
			err = closing
		}
	}()
	text, err = io.ReadAll(io.LimitReader(body, document.Max+1))
	if err == nil && len(text) > document.Max {
		err = hansei.Invalid(f.Name, "more than %d bytes are too many for a retrospective", document.Max)
	}
	return text, err
}
