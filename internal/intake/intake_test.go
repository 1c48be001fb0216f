package intake

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func imports(t testing.TB) *Imports {
	t.Helper()
	store, err := record.Open(context.Background(), record.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Imports{Records: store, Log: slog.New(slog.DiscardHandler)}
}

func take(t testing.TB, im *Imports, name, text string, o Options) (Summary, bool) {
	t.Helper()
	ctx := context.Background()
	d, known, err := im.Receive(ctx, auth.Local(), name, o, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if known {
		return Summary{}, true
	}
	sum, err := im.Understand(ctx, auth.Local(), d.ID)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return sum, false
}

func TestImportTwiceAndCorrected(t *testing.T) {
	im := imports(t)
	text := "id,title,severity,created_at,resolved_at,service\n1,one,sev1,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z,web\n2,two,sev2,2025-01-02T00:00:00Z,,db\n"
	sum, _ := take(t, im, "incidents.csv", text, Options{})
	if sum.Created != 2 || sum.Rejected != 0 {
		t.Errorf("got %+v", sum)
	}
	head, err := im.Records.Head(context.Background(), auth.Local().Scope())
	if err != nil || head.Seq != 4 {
		t.Errorf("got head %d, %v; want 2 services and 2 incidents", head.Seq, err)
	}
	if _, known := take(t, im, "incidents.csv", text, Options{}); !known {
		t.Error("the same file was taken for another")
	}
	sum, _ = take(t, im, "incidents.csv", strings.Replace(text, "two", "TWO", 1), Options{})
	if sum.Created != 0 || sum.Updated != 1 || sum.Unchanged != 1 {
		t.Errorf("corrected: got %+v", sum)
	}
	in, rev, err := record.Get[*hansei.Incident](context.Background(), im.Records, auth.Local().Scope(), "file:2")
	if err != nil || rev != 2 || in.Title != "TWO" || in.Services[0] != "db" {
		t.Errorf("got %+v at %d, %v", in, rev, err)
	}
}

func BenchmarkImport(b *testing.B) {
	path := os.Getenv("HANSEI_LOAD")
	if path == "" {
		b.Skip("set HANSEI_LOAD to a deployments.csv of make_load.py")
	}
	for b.Loop() {
		im := imports(b)
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		ctx := context.Background()
		d, _, err := im.Receive(ctx, auth.Local(), "deployments.csv", Options{}, f)
		if err != nil {
			b.Fatal(err)
		}
		sum, err := im.Understand(ctx, auth.Local(), d.ID)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(sum.Rows)/sum.Seconds, "rows/s")
	}
}
