package statuspage

import (
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

const (
	batch    = 20 // incidents of the history in one delivery
	again    = 60 * 24 * time.Hour
	emptyEnd = 8 // pages of the history in a row, two years, without an incident
	lastPage = 200
)

// Streams are the three lists of the API and the history before them.
func (s *statusPage) Streams() []source.Stream {
	list := func(name, title string, every time.Duration) source.Stream {
		return source.Stream{Name: name, Title: title, Every: every, Pull: func(p *source.Pull) error { return s.list(p, name) }}
	}
	return []source.Stream{
		list("components", "Components", time.Hour),
		list("incidents", "Latest incidents", 0),
		list("scheduled-maintenances", "Latest maintenance", 0),
		{Name: "history", Title: "History", Every: 24 * time.Hour, Pull: s.history},
	}
}

// list reads a list that has one page. Its cursor is the list's checksum: one
// that did not change is not told again.
func (s *statusPage) list(p *source.Pull, name string) error {
	r, err := p.Client.Get(p.Ctx, s.URL+"/api/v2/"+name+".json", nil)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(r.Body)), 16)
	if sum == p.Cursor {
		return nil
	}
	var list map[string]jsontext.Value
	if err := source.Decode(r.Body, &list); err != nil || list[strings.ReplaceAll(name, "-", "_")].Kind() != '[' {
		return fmt.Errorf("%s: not the list of a status page: %w", name, errors.Join(err, hansei.ErrConflict))
	}
	return p.Emit(source.Page{Body: r.Body, Cursor: sum, Through: p.Now})
}

// cursor is where to go on in the history: at an incident of a page.
type cursor struct {
	Page  int       `json:"page"`  // from 1
	After string    `json:"after"` // the code of the last incident read of this page
	Empty int       `json:"empty"` // pages without incidents so far
	Since time.Time `json:"since"` // how far back
}

// month is what a page of the history says of a month.
type month struct {
	Name      string `json:"name"`
	Year      int    `json:"year"`
	Incidents []struct {
		Code string `json:"code"`
	} `json:"incidents"`
}

// history reads page by page into the past. When it has come far enough it
// begins anew the next day, but only goes back as far as things may change.
func (s *statusPage) history(p *source.Pull) error {
	c := cursor{Page: 1, Since: p.From}
	if p.Cursor != "" {
		if err := json.Unmarshal([]byte(p.Cursor), &c); err != nil || c.Page < 1 {
			return fmt.Errorf("the place to go on from is unreadable: %q: %w", p.Cursor, errors.Join(err, hansei.ErrConflict))
		}
	}
	for {
		var page struct {
			Months []month `json:"months"`
		}
		_, err := p.Client.JSON(p.Ctx, fmt.Sprintf("%s/history.json?page=%d", s.URL, c.Page), &page)
		if missing(err) { // a page that only speaks like Statuspage
			return nil
		}
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		codes, oldest := read(page.Months)
		if err := s.incidents(p, &c, codes); err != nil {
			return err
		}
		c = cursor{Page: c.Page + 1, Empty: c.Empty + 1, Since: c.Since}
		if len(codes) > 0 {
			c.Empty = 0
		}
		if len(page.Months) == 0 || (!oldest.IsZero() && oldest.Before(c.Since)) || c.Empty >= emptyEnd || c.Page > lastPage {
			return s.emit(p, source.Page{Through: p.Now}, cursor{Page: 1, Since: p.Now.Add(-again)})
		}
		if err := s.emit(p, source.Page{Back: oldest}, c); err != nil {
			return err
		}
	}
}

// read lists the incidents of some months, and says when the first month began.
func read(months []month) (codes []string, oldest time.Time) {
	for _, m := range months {
		if t, err := time.Parse("January 2006", strings.Fields(m.Name + " x")[0]+" "+strconv.Itoa(m.Year)); err == nil && (oldest.IsZero() || t.Before(oldest)) {
			oldest = t
		}
		for _, i := range m.Incidents {
			if i.Code != "" && !slices.Contains(codes, i.Code) {
				codes = append(codes, i.Code)
			}
		}
	}
	return codes, oldest
}

// incidents reads the incidents of a page of the history that come after the
// cursor's, and moves the cursor.
func (s *statusPage) incidents(p *source.Pull, c *cursor, codes []string) error {
	for some := range slices.Chunk(codes[slices.Index(codes, c.After)+1:], batch) {
		found := map[string]jsontext.Value{}
		for _, code := range some {
			r, err := p.Client.Get(p.Ctx, s.URL+"/incidents/"+url.PathEscape(code)+".json", nil)
			switch {
			case missing(err): // taken off the page since
			case err != nil:
				return fmt.Errorf("incident %s: %w", code, err)
			case !jsontext.Value(r.Body).IsValid():
				return fmt.Errorf("incident %s: the answer is not JSON: %w", code, hansei.ErrConflict)
			default:
				found[code] = r.Body
			}
		}
		c.After = some[len(some)-1]
		var body []byte
		if len(found) > 0 {
			var err error
			if body, err = json.Marshal(map[string]any{"history": found}, json.Deterministic(true)); err != nil {
				return fmt.Errorf("history: %w", err)
			}
		}
		if err := s.emit(p, source.Page{Body: body, Things: len(found)}, *c); err != nil {
			return err
		}
	}
	return nil
}

func (s *statusPage) emit(p *source.Pull, page source.Page, c cursor) error {
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	page.Cursor = string(text)
	return p.Emit(page)
}

func missing(err error) bool {
	var no *fetch.StatusError
	return errors.As(err, &no) && (no.Status == http.StatusNotFound || no.Status == http.StatusGone)
}

// Check reads the components and the history.
func (s *statusPage) Check(p *source.Pull) []source.Finding {
	var b struct {
		Components []struct{} `json:"components"`
	}
	if _, err := p.Client.JSON(p.Ctx, s.URL+"/api/v2/components.json", &b); err != nil {
		return []source.Finding{{Says: "The page cannot be read. Is it a public Statuspage? " + source.Words(err)}}
	}
	found := []source.Finding{{OK: true, Says: fmt.Sprintf("The page can be read; it has %d components.", len(b.Components))}}
	if _, err := p.Client.JSON(p.Ctx, s.URL+"/history.json?page=1", &b); err != nil {
		return append(found, source.Finding{Says: "The page shows no history: only its last 50 incidents are brought. " + source.Words(err)})
	}
	return append(found, source.Finding{OK: true, Says: "The page shows its whole history."})
}
