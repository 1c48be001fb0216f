package lock

import "testing"

func TestCommand(t *testing.T) {
	for want, args := range map[string][]string{
		"hansei serve":  {"/usr/bin/hansei", "serve", "--token", "secret"},
		"hansei":        {"./hansei", "--token", "secret", "serve"},
		"hansei import": {"hansei", "import"},
	} {
		if got := command(args); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}
}
