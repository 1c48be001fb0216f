package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source/alertmanager/promtest"
)

// TestRealPrometheus has a real Prometheus and Alertmanager fire and resolve an
// alert into a running server; the record is there, with the right times.
func TestRealPrometheus(t *testing.T) {
	listen := freePort(t)
	a, err := New(t.Context(), Config{Dir: t.TempDir(), Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !strings.Contains(err.Error(), "canceled") {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	added, err := a.sources.Add(ctx, auth.Local(), connect.Spec{Tool: "alertmanager", Name: "prom"})
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-time.Second)
	prom := promtest.Start(t, added.URL, added.Secret)
	prom.Fire()
	fired := await(t, a, func(al *hansei.Alert) bool { return al.Status == "firing" })
	prom.Resolve()
	resolved := await(t, a, func(al *hansei.Alert) bool { return al.Status == "resolved" })
	if fired.Triggered.Before(before) || !resolved.Triggered.Equal(fired.Triggered) || !resolved.Resolved.After(fired.Triggered) || resolved.Services[0] != "checkout" {
		t.Errorf("fired %+v, resolved %+v", fired, resolved)
	}
}

// await waits for an alert that is as it should be.
func await(t *testing.T, a *App, is func(*hansei.Alert) bool) *hansei.Alert {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
		list, err := a.records.List(t.Context(), auth.Local().Scope(), hansei.KindAlert, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if al := s.Record.(*hansei.Alert); is(al) {
				return al
			}
		}
	}
	t.Fatal("the alert never came")
	return nil
}
