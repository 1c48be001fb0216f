package reading

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hansei/internal/source/jq"
)

// Digest tells whether two pages hold the same things. What stands around them,
// such as the number of the page, differs even where the tool heeds no number.
func Digest(things []any) (string, error) {
	text, err := jq.Marshal(things)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), err
}

// Unread says for people that a page names a next one, and which settings read
// it. It is empty when no member says so by its name, at the top or in an object
// there, such as .meta.next.
func Unread(body []byte) string {
	doc, err := jq.Decode(body)
	if err != nil {
		return ""
	}
	top, _ := doc.(map[string]any)
	cursor, more := next("", top)
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if inner, ok := top[name].(map[string]any); ok {
			c, m := next(step(name), inner)
			cursor, more = cmp.Or(cursor, c), cmp.Or(more, m)
		}
	}
	const says = "There is a next page (%s says so), which is not read: pages is none. Set pages to %s."
	switch {
	case cursor != "":
		return fmt.Sprintf(says, cursor, "cursor, and next to "+cursor)
	case more != "":
		return fmt.Sprintf(says, more, "page or offset, as the tool counts")
	}
	return ""
}

// next finds the members of an object that hold the cursor or URL of a next
// page, and that say that there is one.
func next(at string, object map[string]any) (cursor, more string) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v, where := object[name], at+step(name)
		switch strings.ToLower(strings.NewReplacer("_", "", "-", "", "@", "", ".", "").Replace(name)) {
		case "hasmore", "hasnext", "hasnextpage", "more", "morepages":
			if v == true {
				more = where
			}
		case "next", "nextpage", "nextcursor", "nexttoken", "nextpagetoken", "nexturl", "nextpageurl", "nextlink", "odatanextlink":
			if link, ok := v.(map[string]any); ok { // {"next": {"href": "…"}}
				v, where = link["href"], where+".href"
			}
			if v == true {
				more = where
			} else if v != nil && v != "" && v != false {
				cursor = where
			}
		}
	}
	return cursor, more
}
