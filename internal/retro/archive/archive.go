package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/document"
)

// Formats are what documents can be written as, with the endings of their files.
var Formats = []string{"markdown", "html", "pdf", "word", "docs", "confluence", asJSON}

const (
	asJSON = "json"
	// perPage is how many retrospectives are looked up at a time; their
	// follow-ups are in memory together, they themselves are not.
	perPage = 100
	// Most is how many retrospectives one archive holds at most: of each a line
	// for the index is kept until the end.
	Most = 50_000
	// Index is the file that lists the others. It is the last one: an archive
	// without it is not whole.
	Index = "index.csv"
)

// Archivist writes archives.
type Archivist struct {
	Desk  *retro.Desk
	Facts *fact.View
	Now   func() time.Time
}

// Archive is one that is about to be written.
type Archive struct {
	*Archivist
	who    auth.Scope
	where  string
	format string
	Count  int // retrospectives in it, when it was opened
	first  []hansei.ID
	index  bytes.Buffer
	lines  *csv.Writer
}

// Open finds what is to be written; whatever is wrong with the question is said
// here, before anything was written.
func (a *Archivist) Open(ctx context.Context, who auth.Actor, f Filter, format string) (*Archive, error) {
	if _, err := who.Scope().MayRead(); err != nil {
		return nil, err
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	if !slices.Contains(Formats, format) {
		return nil, hansei.Invalid("format", "%q: expected %s", format, strings.Join(Formats, ", "))
	}
	out := &Archive{Archivist: a, who: who.Scope(), where: f.Where(a.Now(), who.Name, ""), format: format}
	n, err := a.Facts.SQL(ctx, "SELECT count(*) FROM retrospective WHERE "+out.where, 1)
	if err != nil {
		return nil, err
	}
	count, _ := n.Rows[0][0].(int64)
	if out.Count = int(count); out.Count > Most {
		return nil, hansei.Invalid("q", "%d retrospectives are too many for one archive; at most %d: narrow them down", out.Count, Most)
	}
	out.first, err = out.page(ctx, "")
	return out, err
}

// page are the next retrospectives in the order of their ids.
func (a *Archive) page(ctx context.Context, after hansei.ID) ([]hansei.ID, error) {
	rows, err := a.Facts.SQL(ctx, "SELECT id FROM retrospective WHERE "+a.where+" AND id > "+fact.Literal(string(after))+" ORDER BY id", perPage)
	if err != nil {
		return nil, err
	}
	out := make([]hansei.ID, len(rows.Rows))
	for i, row := range rows.Rows {
		out[i] = hansei.ID(fmt.Sprint(row[0]))
	}
	return out, nil
}

// Write writes the zip file while it reads. written is called after each
// document, which has then left for out. It ends with ctx, and with the first
// error of out.
func (a *Archive) Write(ctx context.Context, out io.Writer, written func()) error {
	z := zip.NewWriter(out)
	a.lines = csv.NewWriter(&a.index)
	if err := a.lines.Write([]string{"file", "id", "title", "state", "severity", "incidents", "services", "contributing factors", "published"}); err != nil {
		return err
	}
	for ids := a.first; len(ids) > 0; {
		follow, err := a.followUps(ctx, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := a.one(ctx, z, id, follow[id]); err != nil {
				return fmt.Errorf("retrospective %s: %w", id, err)
			}
			if err := z.Flush(); err != nil {
				return err
			}
			written()
		}
		if ids, err = a.page(ctx, ids[len(ids)-1]); err != nil {
			return err
		}
	}
	a.lines.Flush()
	if err := put(z, Index, a.index.Bytes(), a.Now()); err != nil {
		return err
	}
	return z.Close()
}

// followUps are those of some retrospectives.
func (a *Archive) followUps(ctx context.Context, of []hansei.ID) (map[hansei.ID][]*hansei.FollowUp, error) {
	rows, err := a.Facts.SQL(ctx, "SELECT id FROM follow_up WHERE merged_into IS NULL AND retrospective IN ("+fact.Literals(of)+") ORDER BY id", fact.SQLMaxRows)
	if err != nil {
		return nil, err
	}
	ids := make([]hansei.ID, len(rows.Rows))
	for i, row := range rows.Rows {
		ids[i] = hansei.ID(fmt.Sprint(row[0]))
	}
	found, err := record.Load(ctx, a.Desk.Records, a.who, hansei.KindFollowUp, ids)
	if err != nil {
		return nil, err
	}
	out := map[hansei.ID][]*hansei.FollowUp{}
	for _, id := range ids {
		if s, ok := found[id]; ok && !s.Record.Head().Deleted {
			f := s.Record.(*hansei.FollowUp)
			out[f.Retrospective] = append(out[f.Retrospective], f)
		}
	}
	return out, nil
}

// one writes one document. A retrospective that was removed meanwhile is left
// out.
func (a *Archive) one(ctx context.Context, z *zip.Writer, id hansei.ID, follow []*hansei.FollowUp) error {
	doc, err := a.Desk.Compose(ctx, a.who, id, follow)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	text, ending, err := a.text(ctx, doc)
	if err != nil {
		return err
	}
	r := doc.Retrospective
	name := FileName(r) + ending
	if err := put(z, name, []byte(text), latest(r, a.Now())); err != nil {
		return err
	}
	var services, incidents []string
	for _, s := range r.Services {
		name := doc.Name(hansei.KindService, s)
		if name == "" {
			name = string(s)
		}
		services = append(services, name)
	}
	for _, in := range r.Incidents {
		incidents = append(incidents, string(in))
	}
	published := ""
	if !r.Published.IsZero() {
		published = r.Published.UTC().Format(time.RFC3339)
	}
	row := []string{name, string(r.ID), r.Title, r.State, r.Severity, strings.Join(incidents, "; "), strings.Join(services, "; "), strings.Join(r.FactorNames, "; "), published}
	for i, s := range row {
		row[i] = inert(s)
	}
	return a.lines.Write(row)
}

func (a *Archive) text(ctx context.Context, doc document.Document) (text, ending string, err error) {
	if a.format != asJSON {
		text, _, ending, err = doc.As(a.format)
		return text, ending, err
	}
	r, rev, err := a.Desk.Get(ctx, a.who, doc.Retrospective.ID) // as it was written, with its references
	if err != nil {
		return "", "", err
	}
	whole, err := json.MarshalIndent(struct {
		Retrospective *hansei.Retrospective `json:"retrospective"`
		Revision      record.Revision       `json:"revision"`
		FollowUps     []*hansei.FollowUp    `json:"follow_ups"`
	}{r, rev, doc.FollowUps}, "", "  ")
	return string(whole), ".json", err
}

func put(z *zip.Writer, name string, text []byte, at time.Time) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()})
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// latest is the last time that a retrospective itself tells of.
func latest(r *hansei.Retrospective, now time.Time) time.Time {
	for _, t := range []time.Time{r.Published, r.InReview, r.Drafted} {
		if !t.IsZero() {
			return t
		}
	}
	return now
}

const maxName = 80 // bytes of a title in a file's name

// FileName is what the file of a retrospective is called in every archive,
// without its ending: words of its title, and what no other one's has.
func FileName(r *hansei.Retrospective) string {
	name := document.FileName(r)
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	sum := sha256.Sum256([]byte(r.ID))
	return strings.TrimRight(name, "-") + "-" + hex.EncodeToString(sum[:4])
}

// inert makes text of what a spreadsheet would run as a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
