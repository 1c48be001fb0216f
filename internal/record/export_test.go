package record

import "time"

// SetPatience changes for how long a write is tried.
func SetPatience(s *Store, d time.Duration) { s.patience = d }
