package app

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env        []string
		want       map[string]string
		fails      string
	}{
		{name: "nothing", env: []string{"PATH=/bin", "HANSEI_OTHER=1"}, want: map[string]string{}},
		{name: "the file", file: "data: /srv/hansei\nlisten: 127.0.0.1:9\n", want: map[string]string{"data": "/srv/hansei", "listen": "127.0.0.1:9"}},
		{name: "the environment stands above it", file: "data: /srv/hansei\noutput: csv\n", env: []string{"HANSEI_DATA=/tmp/x"},
			want: map[string]string{"data": "/tmp/x", "output": "csv"}},
		{name: "an empty variable says nothing", file: "data: /srv/hansei\n", env: []string{"HANSEI_DATA="}, want: map[string]string{"data": "/srv/hansei"}},
		{name: "a name that is none", file: "dta: x\n", fails: `"dta" is not a setting`},
		{name: "not a text", file: "data: [x]\n", fails: "expected text"},
		{name: "not YAML", file: "data: [", fails: "config"},
	} {
		file := ""
		if c.file != "" {
			file = filepath.Join(t.TempDir(), "hansei.yaml")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := ReadSettings(file, c.env)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: got %v, want an error with %q", c.name, err, c.fails)
			}
			continue
		}
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	if _, err := ReadSettings(filepath.Join(t.TempDir(), "missing.yaml"), nil); err == nil {
		t.Error("a missing file went unnoticed")
	}
}
