package alertmanager

import (
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/alertmanager/promtest"
)

func opened(t testing.TB, settings ...string) source.Receiver {
	t.Helper()
	c := source.Config{Name: "prom", Settings: map[string]string{"webhook_secret": "s"}}
	for i := 0; i < len(settings); i += 2 {
		c.Settings[settings[i]] = settings[i+1]
	}
	src, err := Kind.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return src.(source.Receiver)
}

// TestRealPrometheus fires and resolves an alert in a real Prometheus; what
// its Alertmanager sends is verified and understood, and the times are right.
func TestRealPrometheus(t *testing.T) {
	src := opened(t)
	got := make(chan hansei.Observation, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = src.Verify(source.Request{Header: r.Header, Body: body, Now: time.Now()})
		}
		var said []hansei.Observation
		if err == nil {
			said, err = src.Normalize(source.Delivery{Name: "alerts", Body: body, Received: time.Now()})
		}
		if err != nil {
			t.Errorf("%v: %s", err, body)
			w.WriteHeader(http.StatusBadRequest)
		}
		for _, o := range said {
			got <- o
		}
	}))
	defer server.Close()
	prom := promtest.Start(t, server.URL, "s")
	next := func(status string) *hansei.Alert {
		t.Helper()
		deadline := time.After(time.Minute)
		for {
			select {
			case o := <-got:
				if a := o.Record.(*hansei.Alert); a.Status == status {
					return a
				}
			case <-deadline:
				t.Fatalf("no alert is %s", status)
			}
		}
	}
	before := time.Now().Add(-time.Second)
	prom.Fire()
	fired := next("firing")
	if fired.Title != "ToyBroken: the toy of checkout is broken" || fired.Services[0] != "checkout" || fired.Severity != "sev1" ||
		fired.Triggered.Before(before) || fired.Triggered.After(time.Now()) || !fired.Resolved.IsZero() || !strings.HasPrefix(fired.URL, "http") {
		t.Errorf("fired: %+v", fired)
	}
	prom.Resolve()
	resolved := next("resolved")
	if !resolved.Triggered.Equal(fired.Triggered) || !resolved.Resolved.After(fired.Triggered) || resolved.Resolved.After(time.Now()) {
		t.Errorf("resolved: %+v", resolved)
	}
}

func TestGrafana(t *testing.T) {
	body, err := os.ReadFile("testdata/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := opened(t).Normalize(source.Delivery{Name: "alerts", Body: body})
	if err != nil || len(got) != 2 {
		t.Fatalf("got %d, %v", len(got), err)
	}
	at := time.Date(2021, 10, 12, 7, 51, 3, 157076000, time.UTC)
	want := hansei.Observation{Key: hansei.Key{Kind: hansei.KindAlert, Source: "prom", External: "c6eadffa33fcdf37-1634025063157"}, At: at,
		Record: &hansei.Alert{Title: "High memory usage: This alert was triggered for zone us-1", URL: "https://play.grafana.org/alerting/1afz29v7z/edit",
			Status: "firing", Team: "blue", Triggered: at}, Mentions: []string{"https://myrunbook.com/runbook/1234"}}
	if d := cmp.Diff(want, got[0]); d != "" {
		t.Error(d)
	}
}

func TestVerify(t *testing.T) {
	body, now := []byte(`{"alerts":[]}`), time.Unix(1_772_360_000, 0)
	sum := func(parts ...string) string {
		var b [][]byte
		for _, p := range parts {
			b = append(b, []byte(p))
		}
		return hex.EncodeToString(source.HMAC("s", b...))
	}
	for name, c := range map[string]struct {
		settings []string
		header   http.Header
		want     error
	}{
		"bearer":             {nil, http.Header{"Authorization": {"Bearer s"}}, nil},
		"basic":              {nil, http.Header{"Authorization": {"Basic aGFuc2VpOnM="}}, nil}, // hansei:s
		"wrong":              {nil, http.Header{"Authorization": {"Bearer t"}}, source.ErrSignature},
		"none":               {nil, http.Header{}, source.ErrSignature},
		"signed":             {nil, http.Header{signature: {sum(string(body))}}, nil},
		"signed otherwise":   {nil, http.Header{signature: {sum("x")}}, source.ErrSignature},
		"signed with time":   {[]string{"timestamp_header", "X-Time"}, http.Header{signature: {sum("1772360000:", string(body))}, "X-Time": {"1772360000"}}, nil},
		"signed long ago":    {[]string{"timestamp_header", "X-Time"}, http.Header{signature: {sum("1772350000:", string(body))}, "X-Time": {"1772350000"}}, source.ErrStale},
		"signed for another": {[]string{"timestamp_header", "X-Time"}, http.Header{signature: {sum("1772350000:", string(body))}, "X-Time": {"1772360000"}}, source.ErrSignature},
	} {
		if _, err := opened(t, c.settings...).Verify(source.Request{Header: c.header, Body: body, Now: now}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, says := range map[string]string{
		`{`: "not a notification", `{"a":1}`: "list of alerts",
		`{"alerts":[{"status":"firing","startsAt":"2026-03-01T10:00:00Z"}]}`:                                                     "fingerprint",
		`{"alerts":[{"status":"firing","fingerprint":"a"}]}`:                                                                     "startsAt",
		`{"alerts":[{"status":"odd","fingerprint":"a","startsAt":"2026-03-01T10:00:00Z"}]}`:                                      `"odd"`,
		`{"alerts":[{"status":"resolved","fingerprint":"a","startsAt":"2026-03-01T10:00:00Z","endsAt":"0001-01-01T00:00:00Z"}]}`: "endsAt",
	} {
		if _, err := opened(t).Normalize(source.Delivery{Body: []byte(text)}); err == nil || errors.Is(err, source.ErrUnused) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q in it", text, err, says)
		}
	}
	if _, err := opened(t).Normalize(source.Delivery{Body: []byte(`{"version":"4","alerts":[]}`)}); !errors.Is(err, source.ErrUnused) {
		t.Errorf("nothing in it: %v", err)
	}
}

func FuzzNormalize(f *testing.F) {
	body, err := os.ReadFile("testdata/grafana.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, body []byte) {
		a, errA := opened(t).Normalize(source.Delivery{Body: body})
		b, errB := opened(t).Normalize(source.Delivery{Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	body, err := os.ReadFile("testdata/grafana.json")
	if err != nil {
		b.Fatal(err)
	}
	src := opened(b)
	for b.Loop() {
		if _, err := src.Normalize(source.Delivery{Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
