package hansei

import "testing"

func TestSlug(t *testing.T) {
	for name, want := range map[string]ID{
		" Web  Shop! ": "web-shop", "API": "api", "Zoë": "zoë", "C++": "c", "…": "", "Team 🚀️ One": "team-one",
		// Two words that differ by a mark alone are two.
		"นิด": "นิด", "นุด": "นุด", "राम": "राम", "रीम": "रीम", "Mu\u0308ller": "mu\u0308ller", "\u0308x": "x",
	} {
		if got := Slug(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
