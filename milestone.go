package hansei

import (
	"cmp"
	"slices"
	"time"
)

// Role is which moment of an incident a milestone marks.
type Role string

// The roles Hansei knows. An organization may use further ones.
const (
	RoleBegan        Role = "began" // customer impact began; often found out afterwards
	RoleDetected     Role = "detected"
	RoleAlerted      Role = "alerted"
	RoleDeclared     Role = "declared" // the tool's record was opened
	RoleAcknowledged Role = "acknowledged"
	RoleEngaged      Role = "engaged"   // the first person acted
	RoleMitigated    Role = "mitigated" // customer impact ended
	RoleResolved     Role = "resolved"
	RoleClosed       Role = "closed"
)

// Roles lists the known roles in their natural order.
var Roles = []Role{
	RoleBegan, RoleDetected, RoleAlerted, RoleDeclared, RoleAcknowledged,
	RoleEngaged, RoleMitigated, RoleResolved, RoleClosed,
}

// Milestone is a moment in an incident. A milestone that contradicts another
// is kept as it was said and shown as a data error, never clipped.
type Milestone struct {
	Role   Role       `json:"role"`
	At     time.Time  `json:"at"`
	Source string     `json:"source,omitempty"` // who or what set it; empty: the record's source
	Moved  *time.Time `json:"moved,omitempty"`  // what it was before a person edited it
}

// Milestones are kept one per role.
type Milestones []Milestone

// At returns the time of a role.
func (m Milestones) At(role Role) (time.Time, bool) {
	for i := range m {
		if m[i].Role == role {
			return m[i].At, true
		}
	}
	return time.Time{}, false
}

// First returns the earliest-listed role that is present, and its time.
func (m Milestones) First(roles ...Role) (Role, time.Time, bool) {
	for _, r := range roles {
		if t, ok := m.At(r); ok {
			return r, t, true
		}
	}
	return "", time.Time{}, false
}

// Set puts a role at a time; the zero time removes it.
func (m *Milestones) Set(role Role, at time.Time) {
	i := slices.IndexFunc(*m, func(x Milestone) bool { return x.Role == role })
	switch {
	case at.IsZero() && i >= 0:
		*m = slices.Delete(*m, i, i+1)
		return
	case at.IsZero():
		return
	case i >= 0:
		(*m)[i].At = at
	default:
		*m = append(slices.Grow(*m, 3), Milestone{Role: role, At: at}) // most incidents have some
	}
	slices.SortStableFunc(*m, func(a, b Milestone) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(slices.Index(Roles, a.Role), slices.Index(Roles, b.Role)), cmp.Compare(a.Role, b.Role))
	})
}

// OutOfOrder lists pairs of known roles whose times contradict their order:
// the first of each pair should not be later than the second, but is.
func (m Milestones) OutOfOrder() [][2]Role {
	var bad [][2]Role
	var last Role
	var at time.Time
	for _, r := range Roles {
		t, ok := m.At(r)
		if !ok {
			continue
		}
		if last != "" && t.Before(at) {
			bad = append(bad, [2]Role{last, r})
			continue
		}
		last, at = r, t
	}
	return bad
}
