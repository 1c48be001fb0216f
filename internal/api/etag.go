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
// when they are behind) with the epoch, and the program's version, which may
// compute or show it another way. A figure that is not as of a moment also
// carries the minute, because open incidents grow older. A problem has no tag:
// it may be over although nothing was written.
func (a *edge) conditional(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	tag, err := a.tag(r)
	if err != nil {
		next(ctx) // the handler meets the same error and says it
		return
	}
	for have := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if have = strings.TrimPrefix(strings.TrimSpace(have), "W/"); have == tag {
			tagged{ctx, tag}.SetStatus(http.StatusNotModified)
			return
		}
	}
	next(tagged{ctx, tag})
}

// inner is huma.Context under a name that can be embedded.
type inner = huma.Context

// tagged puts an ETag on an answer once it is known to be one.
type tagged struct {
	inner
	tag string
}

// SetStatus implements huma.Context.
func (t tagged) SetStatus(status int) {
	if status < http.StatusBadRequest {
		t.SetHeader("ETag", t.tag)
		t.SetHeader("Cache-Control", "private, no-cache")
	}
	t.inner.SetStatus(status)
}

// Unwrap lets humago find the request.
func (t tagged) Unwrap() huma.Context { return t.inner }

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
	if strings.HasPrefix(r.URL.Path, Base+"/figures/") && r.URL.Query().Get("as_of") == "" {
		tag += "-" + a.Now().UTC().Truncate(time.Minute).Format("0601021504")
	}
	return `"` + tag + "-" + a.Version + `"`, nil
}
