// Package pdf sets a text in Markdown as pages of A4, with its own fonts: what
// is Latin, Cyrillic or Greek looks the same everywhere. It knows no records.
package pdf

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Paper is what is set: a title, a table of names and values under it, and the
// text. At is the time the file says it was made at; the same paper is the same
// file, byte by byte.
type Paper struct {
	Title string
	Rows  []Row
	Text  string // Markdown
	At    time.Time
}

// Row is a name and the values that stand beside it, one a line.
type Row struct {
	Name   string
	Values []string
}

var (
	//go:embed font/DejaVuSans.ttf
	regular []byte
	//go:embed font/DejaVuSans-Bold.ttf
	bold []byte
	//go:embed font/DejaVuSansMono.ttf
	mono []byte
)

// Sizes are in millimetres, those of letters in points.
const (
	margin  = 20.0
	width   = 210 - 2*margin
	bottom  = 297 - margin
	normal  = 10.0
	leading = 5.2
)

// setter sets one paper.
type setter struct {
	*fpdf.Fpdf
	source []byte
	indent float64
}

// Write sets the paper and writes the file.
func Write(w io.Writer, p Paper) error {
	s := &setter{Fpdf: fpdf.New("P", "mm", "A4", "")}
	// Each paper has fonts of its own: cutting one down writes into its bytes.
	s.AddUTF8FontFromBytes("sans", "", bytes.Clone(regular))
	s.AddUTF8FontFromBytes("sans", "B", bytes.Clone(bold))
	s.AddUTF8FontFromBytes("mono", "", bytes.Clone(mono))
	s.SetCatalogSort(true)
	s.SetCreationDate(p.At)
	s.SetModificationDate(p.At)
	s.SetTitle(plain(p.Title), true)
	s.SetCreator("Hansei", true)
	s.SetMargins(margin, margin, margin)
	s.SetAutoPageBreak(true, margin)
	s.AliasNbPages("{pages}")
	s.SetFooterFunc(func() {
		s.SetY(-14)
		s.SetFont("sans", "", 8)
		s.SetTextColor(110, 118, 129)
		s.CellFormat(0, 5, fmt.Sprintf("%d / {pages}", s.PageNo()), "", 0, "R", false, 0, "")
		s.SetTextColor(26, 31, 38)
	})
	s.AddPage()
	s.SetTextColor(26, 31, 38)
	s.SetFont("sans", "B", 18)
	s.MultiCell(width, 8.5, plain(p.Title), "", "L", false)
	s.Ln(3)
	s.rows(p.Rows)
	s.source = []byte(p.Text)
	s.blocks(goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(s.source)))
	if err := s.Output(w); err != nil {
		return fmt.Errorf("pdf of %q: %w", p.Title, err)
	}
	return nil
}

func (s *setter) rows(rows []Row) {
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{plain(r.Name), plain(strings.Join(r.Values, "\n"))}
	}
	s.table(cells, false)
}

// room begins a page when less than this height is left.
func (s *setter) room(height float64) {
	if s.GetY()+height > bottom {
		s.AddPage()
	}
}

// plain is a text of signs that the fonts have: others, as emoji, become a box,
// and what cannot be seen goes.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r == 0xfe0f || r == 0x200d:
			return -1
		case r > 0xffff:
			return '□'
		}
		return r
	}, strings.ToValidUTF8(text, "□"))
}
