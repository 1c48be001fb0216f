package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hansei/internal/auth"
	"hansei/internal/metric"
)

// incidentCSV writes every incident that matches, a page after another, so
// that no list is ever whole in memory.
func (s *Server) incidentCSV(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := s.read(r, who)
	if err != nil {
		return err
	}
	q := a.incidentQuery()
	q.Limit = metric.MaxList
	list, err := s.Metrics.List(r.Context(), who.Scope(), q)
	if err != nil {
		return err
	}
	download(w, "incidents.csv", "text/csv; charset=utf-8")
	out := csv.NewWriter(w)
	if err := out.Write(list.Columns); err != nil {
		return gone(err)
	}
	for {
		for _, rec := range list.Records {
			row := make([]string, len(list.Columns))
			for i, c := range list.Columns {
				row[i] = plainText(rec[c])
			}
			if err := out.Write(row); err != nil {
				return gone(err)
			}
		}
		if list.Next == "" {
			out.Flush()
			return gone(out.Error())
		}
		q.Cursor = list.Next
		if list, err = s.Metrics.List(r.Context(), who.Scope(), q); err != nil {
			s.Log.Error("an export broke off", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // so that nobody takes the part for the whole
		}
	}
}

// gone is nil: a reader that went away in the middle of a download is no
// error of ours, and there is nobody to show one to.
func gone(error) error { return nil }

// download heads an answer that the browser saves.
func download(w http.ResponseWriter, name, media string) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(name)+`"`)
}

// fileName is a name without what could break a header or a path.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\/:*?<>|`, r) {
			return '_'
		}
		return r
	}, s)
}

// plainText writes a value for a machine; what a spreadsheet would run as a
// formula is made text (an apostrophe before it).
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	}
	return fmt.Sprint(v)
}
