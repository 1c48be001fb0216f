package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// conditional answers 304 when nothing was written since the answer that the
// client has. The ETag is the sequence of the journal (and that of the facts,
// when they are behind) with the epoch; a question whose window ends now also
// carries the minute, because open incidents grow older.
func (a *edge) conditional(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	tag, err := a.tag(r)
	if err != nil {
		next(ctx) // the handler meets the same error and says it
		return
	}
	ctx.SetHeader("ETag", tag)
	ctx.SetHeader("Cache-Control", "private, no-cache")
	for have := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if have = strings.TrimPrefix(strings.TrimSpace(have), "W/"); have == tag {
			ctx.SetStatus(http.StatusNotModified)
			return
		}
	}
	next(ctx)
}

func (a *edge) tag(r *http.Request) (string, error) {
	who, err := a.Actor(r)
	if err != nil {
		return "", err
	}
	head, err := a.Records.Head(r.Context(), who.Scope())
	if err != nil {
		return "", err
	}
	tag := fmt.Sprintf("%s-%d", head.Epoch, head.Seq)
	if facts, _ := a.Facts.Head(); facts != head.Seq {
		tag += fmt.Sprintf(".%d", facts)
	}
	if strings.HasPrefix(r.URL.Path, Base+"/figures/") && r.URL.Query().Get("until") == "" {
		tag += "-" + a.Now().UTC().Truncate(time.Minute).Format("0601021504")
	}
	return `"` + tag + `"`, nil
}
