package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"hansei/client"
	"hansei/internal/cli/quantity"
)

// bar shows on a terminal how far an import is: sent, then understood. On
// anything but a terminal it shows nothing.
type bar struct {
	out   io.Writer
	wide  int // columns of the terminal; 0: not a terminal
	name  string
	shown bool
	last  time.Time
}

func newBar(out io.Writer, name string) *bar {
	b := &bar{out: out, name: name}
	f, ok := out.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return b
	}
	if wide, _, err := term.GetSize(int(f.Fd())); err == nil && wide > 0 {
		b.wide = max(wide, 20)
	} else {
		b.wide = 80 // a terminal that does not tell
	}
	return b
}

// draw replaces the bar's line, at most ten times a second.
func (b *bar) draw(share float64, says string) {
	if b.wide == 0 || time.Since(b.last) < pollEvery {
		return
	}
	b.last, b.shown = time.Now(), true
	line := b.name + "  " + says
	if room := b.wide - utf8.RuneCountInString(line) - 5; share >= 0 && room >= 10 {
		full := min(30, room)
		done := int(share * float64(full))
		line = b.name + "  " + strings.Repeat("█", done) + strings.Repeat("░", full-done) + "  " + says
	}
	if r := []rune(line); len(r) > b.wide-1 {
		line = string(r[:b.wide-1])
	}
	_, _ = fmt.Fprintf(b.out, "\r\x1b[K%s", line) // nobody misses a bar that cannot be drawn
}

// clear takes the bar off the terminal.
func (b *bar) clear() {
	if b.shown {
		b.shown = false
		_, _ = fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// sending counts a file while it is sent. size is 0 when it is not known.
func (b *bar) sending(r io.Reader, size int64) io.Reader {
	if b.wide == 0 {
		return r
	}
	return &sent{Reader: r, bar: b, size: size, began: time.Now()}
}

type sent struct {
	io.Reader
	bar   *bar
	size  int64
	n     int64
	began time.Time
}

func (s *sent) Read(buf []byte) (int, error) {
	n, err := s.Reader.Read(buf)
	s.n += int64(n)
	share := -1.0
	if s.size > 0 {
		share = min(1, float64(s.n)/float64(s.size))
	}
	s.bar.draw(share, fmt.Sprintf("%.1f MB sent%s", float64(s.n)/1e6, left(share, time.Since(s.began))))
	return n, err
}

// understanding shows how far the server is with the file.
func (b *bar) understanding(i client.Import) {
	p := i.Progress
	switch {
	case i.State == client.Applying:
		b.draw(-1, "in the journal; the figures follow")
		return
	case p == nil || p.Started.IsZero():
		b.draw(-1, "waiting for its turn")
		return
	}
	took := time.Since(p.Started)
	share := -1.0
	if p.Total > 0 {
		share = min(1, float64(p.Bytes)/float64(p.Total))
	}
	says := count(p.Rows) + " rows"
	if s := took.Seconds(); s > 0.5 {
		says += fmt.Sprintf(", %s a second", quantity.Thousands(float64(p.Rows)/s))
	}
	b.draw(share, says+left(share, took))
}

// left guesses the time left from the share done.
func left(share float64, took time.Duration) string {
	if share < 0.02 || took < time.Second {
		return ""
	}
	return ", " + quantity.Duration(float64(int64(took.Seconds()*(1-share)/share))) + " left"
}
