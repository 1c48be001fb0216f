package quantity

import (
	"encoding/json"
	"testing"
	"time"
)

func TestQuantity(t *testing.T) {
	for _, tt := range []struct{ n, unit, want string }{
		{"4020", "s", "1 h 7 m"},
		{"3600", "s", "1 h"},
		{"59.6", "s", "1 m"},
		{"0", "s", "0 s"},
		{"0.25", "s", "0.25 s"},
		{"7199", "s", "2 h"},
		{"86399", "s", "1 d"},
		{"86400", "s", "1 d"},
		{"90000", "s", "1 d 1 h"},
		{"-90", "s", "-1 m 30 s"},
		{"0.0761", "ratio", "7.61 %"},
		{"1", "ratio", "100 %"},
		{"13.441574507810152", "per_30d", "13.4 per 30 days"},
		{"1234567.8", "customer_min", "1,234,568 customer-minutes"},
		{"999.6", "1", "1,000"},
		{"1000", "1", "1,000"},
		{"0.00012", "1", "0.00012"},
		{"12", "customers", "12 customers"},
	} {
		n := json.Number(tt.n)
		if got := Of(&n, tt.unit); got != tt.want {
			t.Errorf("quantity %s %s: got %q, want %q", tt.n, tt.unit, got, tt.want)
		}
	}
	if got := Of(nil, "s"); got != "–" {
		t.Errorf("quantity of nothing: got %q, want –", got)
	}
}

func TestSpan(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		since, until string
		z            *time.Location
		want         string
	}{
		{"2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z", time.UTC, "2025-01"},
		{"2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z", time.UTC, "2025"},
		{"2025-01-06T00:00:00Z", "2025-01-13T00:00:00Z", time.UTC, "2025-01-06 to 2025-01-13"},
		{"2025-06-30T22:00:00Z", "2025-07-31T22:00:00Z", berlin, "2025-07"},
		{"2025-06-30T22:00:00Z", "2025-07-31T22:00:00Z", time.UTC, "2025-06-30 22:00 UTC to 2025-07-31 22:00 UTC"},
	} {
		if got := Span(tt.since, tt.until, tt.z); got != tt.want {
			t.Errorf("span %s %s in %s: got %q, want %q", tt.since, tt.until, tt.z, got, tt.want)
		}
	}
}
