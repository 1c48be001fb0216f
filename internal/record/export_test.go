package record

import "time"

// SetPatience changes for how long a write is tried.
func SetPatience(s *Store, d time.Duration) { s.patience = d }

// SetLate changes when another server's arrivals are taken over.
func SetLate(s *Store, d time.Duration) { s.late = d }
