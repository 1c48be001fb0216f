package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hansei/client"
)

// exportAll writes many retrospectives into one zip file: under another name
// until it is whole.
func (p *program) exportAll(ctx context.Context, c *client.Client, f client.RetroFilter, format, file string) (err error) {
	if file == "-" {
		return c.Archive(ctx, f, format, p.out)
	}
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name()))
		}
	}()
	bar := newBar(p.stderr, filepath.Base(file))
	defer bar.clear()
	err = c.Archive(ctx, f, format, &received{Writer: part, bar: bar})
	if err = errors.Join(err, part.Close()); err != nil {
		return err
	}
	if err = os.Rename(part.Name(), file); err != nil {
		return err
	}
	bar.clear()
	p.say("%s: written; its index.csv lists what is in it", file)
	return nil
}

// received counts what arrives.
type received struct {
	io.Writer
	bar *bar
	n   int64
}

func (r *received) Write(b []byte) (int, error) {
	n, err := r.Writer.Write(b)
	r.n += int64(n)
	r.bar.draw(-1, fmt.Sprintf("%.1f MB received", float64(r.n)/1e6))
	return n, err
}
