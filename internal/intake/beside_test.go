package intake

import (
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record/recordtest"
)

// TestImportWhileAWebhookWaits: whoever reads a file while the writer waits for
// it does not wait for the writer.
func TestImportWhileAWebhookWaits(t *testing.T) {
	im := imports(t)
	if _, err := im.Records.Deliver(t.Context(), auth.Local(), recordtest.Packed(t, "pager", 0, 1)); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		take(t, im, "incidents.csv", "id,title,severity,created_at,resolved_at,service\n1,one,sev1,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z,web\n", Options{})
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		panic("the import waits for itself") // the store could not even be closed
	}
}
