package forget

import (
	"errors"
	"io"

	"hansei"
	"hansei/internal/source/file/table"
)

// finder looks for the person in payloads: webhooks, pages, files that were
// imported, packed or not.
type finder struct {
	words *words
	room  []byte // used again from one to the next
}

// A payload is looked at so much at a time, with the end of what came before:
// no name is longer than that.
const (
	window  = 1 << 20
	overlap = 1 << 10
)

// in says whether a payload names the person. What cannot be read is taken to.
func (f *finder) in(body io.Reader) (bool, error) {
	found, err := f.find(body)
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return true, nil
	}
	return found, err
}

func (f *finder) find(body io.Reader) (found bool, err error) {
	text, err := table.Text(body)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, text.Close()) }()
	if f.room == nil {
		f.room = make([]byte, overlap+window)
	}
	for kept := 0; ; {
		n, err := io.ReadFull(text, f.room[kept:])
		switch now := f.room[:kept+n]; {
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return false, err
		case n > 0 && f.words.in(now):
			return true, nil
		case err != nil:
			return false, nil
		default:
			kept = copy(f.room, now[len(now)-overlap:])
		}
	}
}
