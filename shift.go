package hansei

import "time"

// Shift is a stretch of on-call duty of one person.
type Shift struct {
	Header
	Person   ID        `json:"person,omitempty"`
	Team     ID        `json:"team,omitempty"`
	Services []ID      `json:"services,omitempty"`
	Schedule string    `json:"schedule,omitempty"` // the rota it belongs to
	Level    *float64  `json:"level,omitempty"`    // of escalation; 1 is paged first
	Began    time.Time `json:"began_at,omitzero"`
	Ended    time.Time `json:"ended_at,omitzero"`
	URL      string    `json:"url,omitempty"`
}

// Kind is KindShift.
func (*Shift) Kind() Kind { return KindShift }

// Validate checks what a shift must have.
func (s *Shift) Validate() error {
	if err := s.valid("shift"); err != nil || s.gone() {
		return err
	}
	if s.Began.IsZero() || !s.Ended.After(s.Began) {
		return Invalid("ended_at", "a shift needs a start and an end after it")
	}
	if err := ValidTime("began_at", s.Began); err != nil {
		return err
	}
	return ValidTime("ended_at", s.Ended)
}
