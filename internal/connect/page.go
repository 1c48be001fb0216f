package connect

import (
	"strings"
	"time"

	"hansei"
	"hansei/internal/record"
)

// Continue makes a list of deliveries go on at a cursor; "" is its beginning.
func Continue(f *record.DeliveryFilter, cursor string) (err error) {
	if cursor == "" {
		return nil
	}
	at, id, _ := strings.Cut(cursor, "_")
	if f.Before, err = time.Parse(time.RFC3339Nano, at); err != nil || id == "" {
		return hansei.Invalid("cursor", "%q is not a cursor of this list", cursor)
	}
	f.After = id
	return nil
}

// CursorAfter is the cursor of the page after a full one; "" after the last.
func CursorAfter(list []record.Delivery, limit int) string {
	if len(list) < limit {
		return ""
	}
	last := list[len(list)-1]
	return last.Received.Format(time.RFC3339Nano) + "_" + last.ID
}
