package table

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

type parquetUpdate struct {
	At     time.Time `parquet:"at,timestamp(millisecond)"`
	Status string    `parquet:"status"`
}

type parquetRow struct {
	ID       int64           `parquet:"id"`
	Title    *string         `parquet:"title,optional"`
	Started  time.Time       `parquet:"started_at,timestamp(microsecond)"`
	Ratio    float64         `parquet:"ratio"`
	Open     bool            `parquet:"open"`
	Services []string        `parquet:"services,list"`
	Updates  []parquetUpdate `parquet:"updates,list"`
	Owner    struct {
		Name string `parquet:"name"`
	} `parquet:"owner"`
}

func parquetFile(t testing.TB) []byte {
	title := "ü, \"x\""
	at := time.Date(2016, 2, 29, 1, 16, 0, 250e6, time.UTC)
	rows := []parquetRow{{ID: 7, Title: &title, Started: at, Ratio: 12.5, Open: true, Services: []string{"a", "b"}, Updates: []parquetUpdate{{at, "Investigating"}, {at, ""}}}, {ID: 8, Started: at}}
	rows[0].Owner.Name = "Ann"
	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParquet(t *testing.T) {
	body := parquetFile(t)
	want := []string{
		"id|title|started_at|ratio|open|services|updates|owner.name",
		`1 7|ü, "x"|2016-02-29T01:16:00.25Z|12.5|true|["a","b"]|[{"at":"2016-02-29T01:16:00.25Z","status":"Investigating"},{"at":"2016-02-29T01:16:00.25Z","status":""}]|Ann`,
		"2 8||2016-02-29T01:16:00.25Z|0|false|||",
	}
	for name, b := range map[string][]byte{"plain": body, "gzip": packed(t, CompressionGzip, body), "zstd": packed(t, CompressionZstd, body)} {
		tab, got, err := dump(t, b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if tab.Format != FormatParquet {
			t.Errorf("%s: format %s", name, tab.Format)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// A damaged Parquet file ends in an error or in rejects, never in a panic or
// without an end.
func FuzzParquet(f *testing.F) {
	f.Add(parquetFile(f), 0, byte(0))
	f.Fuzz(func(t *testing.T, body []byte, at int, with byte) {
		if at >= 0 && at < len(body) {
			body = append([]byte(nil), body...)
			body[at] ^= with
		}
		_, _, err := dump(t, append([]byte("PAR1"), body...))
		if err == nil && len(body) == 0 {
			t.Error("nothing was read without an error")
		}
		if _, _, err := dump(t, body); err != nil {
			t.Log(err)
		}
	})
}
