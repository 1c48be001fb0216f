package cdevents

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
)

func opened(t testing.TB, header string) source.Receiver {
	t.Helper()
	src, err := Kind.New(source.Config{Name: "cd", Settings: map[string]string{"webhook_secret": "s", "signature_header": header}})
	if err != nil {
		t.Fatal(err)
	}
	return src.(source.Receiver)
}

func conformance(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	text, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryConformanceExample: each of the specification's 48 examples gives
// valid records or is of no use, bare, in a CloudEvent, and all in one batch.
func TestEveryConformanceExample(t *testing.T) {
	src, used := opened(t, ""), map[string]hansei.Kind{}
	var batch []string
	for name, body := range conformance(t) {
		wrapped := `{"specversion":"1.0","id":"1","source":"x","type":"t","data":` + string(body) + `}`
		batch = append(batch, wrapped)
		said, err := src.Normalize(source.Delivery{Body: body})
		again, errAgain := src.Normalize(source.Delivery{Body: []byte(wrapped)})
		if !cmp.Equal(said, again) || (err == nil) != (errAgain == nil) {
			t.Errorf("%s: bare and in a CloudEvent differ: %v, %v", name, err, errAgain)
		}
		if errors.Is(err, source.ErrUnused) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		used[name] = said[0].Key.Kind
		said[0].Record.Head().ID = said[0].Key.ID()
		if err := said[0].Record.Validate(); err != nil && !said[0].Partial {
			t.Errorf("%s: %v", name, err)
		}
	}
	want := map[string]hansei.Kind{"service_deployed": hansei.KindDeployment, "service_upgraded": hansei.KindDeployment, "service_rolledback": hansei.KindDeployment, "service_removed": hansei.KindChange,
		"environment_created": hansei.KindChange, "environment_modified": hansei.KindChange, "environment_deleted": hansei.KindChange, "change_merged": hansei.KindChange,
		"incident_detected": hansei.KindIncident, "incident_reported": hansei.KindIncident, "incident_resolved": hansei.KindIncident}
	if d := cmp.Diff(want, used); d != "" {
		t.Error(d)
	}
	all, err := src.Normalize(source.Delivery{Body: []byte("[" + strings.Join(batch, ",") + "]")})
	if err != nil || len(all) != len(want) {
		t.Errorf("a batch: %d observations, %v", len(all), err)
	}
}

func TestMeaning(t *testing.T) {
	src, list := opened(t, ""), conformance(t)
	one := func(name string) hansei.Observation {
		t.Helper()
		said, err := src.Normalize(source.Delivery{Body: list[name]})
		if err != nil {
			t.Fatal(err)
		}
		return said[0]
	}
	at := time.Date(2022, 11, 11, 13, 52, 20, 79_000_000, time.UTC)
	in := one("incident_detected").Record.(*hansei.Incident)
	if got, _ := in.Milestones.At(hansei.RoleDetected); !got.Equal(at) || in.Services[0] != "myApp" || in.Title != "Response time above threshold of 100ms" {
		t.Errorf("detected: %+v", in)
	}
	if a, b := one("incident_detected").Key, one("incident_resolved").Key; a != b {
		t.Errorf("the steps of one incident are %v and %v", a, b)
	}
	if d := one("service_rolledback").Record.(*hansei.Deployment); d.Unplanned == nil || !*d.Unplanned || d.Finished.IsZero() || !strings.HasPrefix(d.Ref, "pkg:oci/") {
		t.Errorf("rolled back: %+v", d)
	}
	for body, says := range map[string]string{`{`: "not an event", `{"a":1}`: "context.type", `{"context":{"type":"dev.cdevents.service.deployed.0.3.0"}}`: "timestamp",
		`{"context":{"type":"dev.cdevents.service.exploded.0.3.0","id":"1","timestamp":"2026-03-01T10:00:00Z"},"subject":{"id":"a"}}`: "exploded"} {
		if _, err := src.Normalize(source.Delivery{Body: []byte(body)}); err == nil || errors.Is(err, source.ErrUnused) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q in it", body, err, says)
		}
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"id":"7","source":"here","type":"dev.cdevents.x.y.0.1.0","specversion":"1.0","data":{}}`)
	r, err := opened(t, "").Verify(source.Request{Header: http.Header{"Authorization": {"Bearer s"}}, Body: body})
	if err != nil || r.ID != "here 7" || r.Event != "dev.cdevents.x.y.0.1.0" {
		t.Errorf("structured: %+v, %v", r, err)
	}
	r, err = opened(t, "X-Sig").Verify(source.Request{Header: http.Header{"X-Sig": {"sha256=" + hex.EncodeToString(source.HMAC("s", body))}, "Ce-Id": {"8"}, "Ce-Source": {"there"}, "Ce-Type": {"t"}}, Body: body})
	if err != nil || r.ID != "there 8" || r.Event != "t" {
		t.Errorf("binary, signed: %+v, %v", r, err)
	}
	for _, header := range []string{"", "X-Sig"} {
		if _, err := opened(t, header).Verify(source.Request{Header: http.Header{"Authorization": {"Bearer t"}, "X-Sig": {"00"}}, Body: body}); !errors.Is(err, source.ErrSignature) {
			t.Errorf("wrong: %v", err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, body := range conformance(f) {
		f.Add([]byte(body))
	}
	src := opened(f, "")
	f.Fuzz(func(t *testing.T, body []byte) {
		a, errA := src.Normalize(source.Delivery{Body: body})
		b, errB := src.Normalize(source.Delivery{Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src, body := opened(b, ""), conformance(b)["service_deployed"]
	for b.Loop() {
		if _, err := src.Normalize(source.Delivery{Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
