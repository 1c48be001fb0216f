package retros

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"

	"hansei"
	"hansei/internal/auth"
)

const (
	maxPicture = 5 << 20 // bytes
	sniffed    = 512     // bytes that tell what a file is
)

// pictures are the files that may stand in a text, by what their bytes say.
// None of them can hold a script.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// paste keeps a picture that was pasted or dropped into a text.
func (p *Pages) paste(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if _, _, err := p.Desk.Get(r.Context(), who.Scope(), hansei.ID(r.PathValue("id"))); err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPicture))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return hansei.Invalid("picture", "it has more than 5 MB")
	}
	if err != nil {
		return hansei.Invalid("picture", "the upload broke off: %v", err)
	}
	media := http.DetectContentType(body)
	if !slices.Contains(pictures, media) {
		return hansei.Invalid("picture", "expected a PNG, JPEG, GIF or WebP, got %s", media)
	}
	hash, err := p.Records.PutBlob(r.Context(), who, "picture", media, bytes.NewReader(body))
	if err != nil {
		return err
	}
	return answerJSON(w, completion{Insert: "![picture](image:" + hash + ")"})
}

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// picture serves a picture. Other files are kept under hashes too; what is none
// of our pictures is not there.
func (p *Pages) picture(w http.ResponseWriter, r *http.Request, who auth.Actor) (err error) {
	hash := r.PathValue("hash")
	if !hashForm.MatchString(hash) {
		return fmt.Errorf("picture %q: %w", hash, hansei.ErrNotFound)
	}
	body, err := p.Records.OpenBlob(r.Context(), who.Scope(), hash)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	head := make([]byte, sniffed)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	media := http.DetectContentType(head[:n])
	if !slices.Contains(pictures, media) {
		return fmt.Errorf("picture %s: %w", hash, hansei.ErrNotFound)
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Disposition", "inline")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	if _, err := io.Copy(w, io.MultiReader(bytes.NewReader(head[:n]), io.LimitReader(body, maxPicture))); err != nil {
		p.Log.Debug("a picture broke off", "error", err)
	}
	return nil
}
