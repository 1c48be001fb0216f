package generic

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
)

const mapping = `
kind: incident
id: number
fields:
  - column: short
    field: title
  - jq: .svc.name
    field: services
  - column: prio
    field: severity
    values: {"1": sev1, "2": sev2}
  - column: opened
    field: declared_at
  - column: fixed
    field: resolved_at
  - column: note
    ignore: true
`

func settings(more ...string) map[string]string {
	out := map[string]string{"mapping": mapping, "webhook_secret": "s"}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func open1(t testing.TB, s map[string]string) source.Source {
	t.Helper()
	src, err := New(source.Config{Name: "desk", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestNormalize(t *testing.T) {
	src := open1(t, settings("items", ".data[]", "at", ".updated", "skip", `.kind == "draft"`))
	got, err := src.Normalize(source.Delivery{Name: "webhook", Body: []byte(`{"data":[
		{"number":"7","short":"It is down","svc":{"name":"Web Shop"},"prio":1,"opened":"2026-03-01T10:00:00Z","fixed":"2026-03-01T11:00:00Z","note":"x","updated":1772362800},
		{"number":"8","kind":"draft"}]}`)})
	want := &hansei.Incident{Title: "It is down", Severity: "sev1", Services: []hansei.ID{"Web Shop"}, Status: hansei.StatusResolved}
	at := func(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }
	want.Milestones.Set(hansei.RoleDeclared, at(10))
	want.Milestones.Set(hansei.RoleResolved, at(11))
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d things, %v", len(got), err)
	}
	in := got[0].Record.(*hansei.Incident)
	in.Custom = nil // what the mapping does not name is kept as a field of the organization's own
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
	if got[0].Key != (hansei.Key{Kind: hansei.KindIncident, Source: "desk", External: "7"}) || !got[0].At.Equal(at(11)) {
		t.Errorf("got %+v at %s", got[0].Key, got[0].At)
	}
}

// TestResolvedByStatus: a status alone says no time; an expression that takes one
// does, as docs/sources.md shows.
func TestResolvedByStatus(t *testing.T) {
	const byStatus = `
  - column: state
    field: status
  - jq: if .state == "resolved" then .updated else null end
    field: resolved_at
`
	plain := strings.Replace(mapping, "  - column: fixed\n    field: resolved_at\n", "", 1)
	for _, c := range []struct {
		mapping, state string
		resolved       bool
	}{{plain + byStatus, "resolved", true}, {plain + byStatus, "open", false}, {plain + strings.SplitAfter(byStatus, "status\n")[0], "resolved", false}} {
		got, err := open1(t, settings("mapping", c.mapping)).Normalize(source.Delivery{Name: "webhook", Body: []byte(`{"number":"7","short":"x","opened":"2026-03-01T10:00:00Z","updated":"2026-03-01T11:00:00Z","state":"` + c.state + `"}`)})
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %+v, %v", c.state, got, err)
		}
		in := got[0].Record.(*hansei.Incident)
		if at, ok := in.Milestones.At(hansei.RoleResolved); ok != c.resolved || string(in.Status) != c.state {
			t.Errorf("%+v: %s, resolved at %v", c, in.Status, at)
		}
	}
}

func TestPartOfAThing(t *testing.T) {
	src := open1(t, settings("partial", "part"))
	got, err := src.Normalize(source.Delivery{Name: "webhook", Body: []byte(`{"number":"7","fixed":"2026-03-01T11:00:00Z"}`)})
	if err != nil || len(got) != 1 || !got[0].Partial {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for text, says := range map[string]string{
		`{`: "not JSON", `[1]`: "not a JSON object", `{"short":"x","opened":"2026-03-01T10:00:00Z"}`: "id",
		`{"number":"7","short":"x"}`:                    "needs a start",
		`{"number":"7","opened":"the day after never"}`: "expected",
	} {
		_, err := open1(t, settings("items", "if type == \"array\" then .[] else . end")).Normalize(source.Delivery{Name: "webhook", Body: []byte(text)})
		if err == nil || errors.Is(err, source.ErrUnused) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q in it", text, err, says)
		}
	}
	if _, err := open1(t, settings("items", ".none[]?")).Normalize(source.Delivery{Body: []byte(`{}`)}); !errors.Is(err, source.ErrUnused) {
		t.Errorf("nothing in it: %v", err)
	}
	if _, err := open1(t, settings("items", "def f: f; f")).Normalize(source.Delivery{Body: []byte(`{}`)}); err == nil {
		t.Error("an expression without end was let go on")
	}
	for _, s := range []map[string]string{
		{"mapping": "kind: incident\nfoo: 1"}, {"mapping": "id: a"}, settings("items", ".["), settings("pages", "cursor"),
		settings("list_url", "ftp://x/y"), settings("list_url", "https://u:p@x/y"), settings("at", "nope("),
		settings("at", "now"), settings("items", "[.[], now]"), settings("skip", ".at > now"), settings("mapping", strings.Replace(mapping, ".svc.name", "now", 1)),
	} {
		var bad *hansei.InvalidError
		if src, err := New(source.Config{Name: "x", Settings: s}); !errors.As(err, &bad) || src != nil {
			t.Errorf("%v: got %v", s, err)
		}
	}
}

// TestSaysWhatIsExpected: what is wrong is said in sentences, with what was
// found and what is expected.
func TestSaysWhatIsExpected(t *testing.T) {
	svc := strings.Replace(mapping, ".svc.name", `.svc | error("x")`, 1)
	for _, c := range []struct {
		settings map[string]string
		body     string
		says     string
	}{
		{settings("at", ".when"), `{"number":"7","opened":"2026-03-01T10:00:00Z"}`, "thing 1: at: the expression gives null; expected a time such as 2026-01-31T10:00:00Z, or seconds since 1970"},
		{settings("at", ".when"), `{"number":"7","opened":"2026-03-01T10:00:00Z","when":-4}`, "thing 1: at: the expression gives -4; expected seconds, or milliseconds, since 1970"},
		{settings(), `{"number":"7","short":"x"}`, "thing 1: began: nothing was found; what is expected: an incident needs a start: began, detected, alerted or declared"},
		{settings("mapping", svc), `{"number":"7"}`, `thing 1: .svc | error("x"): nothing was found; what is expected: an expression that does not fail; this one does: error: x`},
	} {
		if _, err := open1(t, c.settings).Normalize(source.Delivery{Name: "webhook", Body: []byte(c.body)}); err == nil || err.Error() != c.says {
			t.Errorf("%s: got\n%v, want\n%s", c.body, err, c.says)
		}
	}
	if _, err := New(source.Config{Name: "x", Settings: settings("mapping", "kind: wombat")}); err == nil || !strings.Contains(err.Error(), `"wombat" is not a kind; expected one of incident, `) {
		t.Errorf("got %v", err)
	}
	if got, err := Kind.Suggest([]byte(`{"id":"7","zork":"x","title":"y","began_at":"2026-03-01T10:00:00Z"}`), false); err != nil || !strings.Contains(got["mapping"], "#   - column: zork\n#     field: FIELD\n") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"a":1}`)
	sign := hex.EncodeToString(source.HMAC("s", body))
	for _, c := range []struct {
		settings map[string]string
		header   [2]string
		ok       bool
	}{
		{settings(), [2]string{"Authorization", "Bearer s"}, true},
		{settings(), [2]string{"Authorization", "Basic Og=="}, false},
		{settings(), [2]string{"Authorization", "Bearer t"}, false},
		{settings("header", "X-Token"), [2]string{"X-Token", "s"}, true},
		{settings("verify", "hmac-sha256", "prefix", "sha256="), [2]string{"X-Signature-256", "sha256=" + sign}, true},
		{settings("verify", "hmac-sha256", "prefix", "sha256="), [2]string{"X-Signature-256", sign}, false},
		{settings("verify", "hmac-sha256"), [2]string{"X-Signature-256", strings.Repeat("0", 64)}, false},
		{settings("verify", "hmac-sha256-base64", "header", "X-Sig"), [2]string{"X-Sig", "AAAA"}, false},
		{settings("verify", "address"), [2]string{"", ""}, true},
		{map[string]string{"mapping": mapping}, [2]string{"Authorization", "Bearer "}, false}, // no secret at all
	} {
		src := open1(t, c.settings)
		if src.(source.Unproven).Unproven() != (c.settings["verify"] == "address") {
			t.Errorf("%v: whether a webhook proves more than that it knows the address", c.settings)
		}
		_, err := src.(source.Receiver).Verify(source.Request{Header: http.Header{c.header[0]: {c.header[1]}}, Body: body})
		if (err == nil) != c.ok || (err != nil && !errors.Is(err, source.ErrSignature)) {
			t.Errorf("%v with %v: got %v", c.settings["verify"], c.header, err)
		}
	}
}

// TestRepeats: what says when it was so is known by that for ever; a header may
// name deliveries.
func TestRepeats(t *testing.T) {
	for _, c := range []struct {
		settings map[string]string
		want     source.Receipt
	}{
		{settings(), source.Receipt{Event: "webhook", Untimed: true}},
		{settings("at", ".updated"), source.Receipt{Event: "webhook"}},
		{settings("delivery_header", "Webhook-Id"), source.Receipt{ID: "d-1", Event: "webhook", Untimed: true}},
	} {
		r, err := open1(t, c.settings).(source.Receiver).Verify(source.Request{Header: http.Header{"Authorization": {"Bearer s"}, "Webhook-Id": {"d-1"}}, Body: []byte("{}")})
		if diff := cmp.Diff(c.want, r); err != nil || diff != "" {
			t.Error(diff, err)
		}
	}
}

func TestPreview(t *testing.T) {
	got, err := Preview(settings(), []byte(`{"number":"7","short":"x","opened":"2026-03-01T10:00:00Z"}`), false)
	if err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func FuzzNormalize(f *testing.F) {
	src := open1(f, settings("items", ".. | objects", "at", ".updated"))
	f.Add([]byte(`{"number":"7","short":"x","opened":"2026-03-01T10:00:00Z","updated":1772362800}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, errA := src.Normalize(source.Delivery{Name: "webhook", Body: body})
		b, errB := src.Normalize(source.Delivery{Name: "webhook", Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src := open1(b, settings())
	body := []byte(`{"number":"7","short":"It is down","svc":{"name":"Web Shop"},"prio":1,"opened":"2026-03-01T10:00:00Z","fixed":"2026-03-01T11:00:00Z","note":"x"}`)
	for b.Loop() {
		if _, err := src.Normalize(source.Delivery{Name: "webhook", Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
