package app

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/knadh/koanf/v2"

	"hansei"
)

// settings are what can be said once instead of with every command: as a flag
// (--data), in the environment ($HANSEI_DATA) or in a file (data:).
var settings = []string{"data", "database", "listen", "hooks-listen", "url", "key-file", "allow-private", "smtp", "mail-from", "output", "server", "token"}

// ReadSettings reads what a YAML file ("" for none) and the environment say;
// the environment stands above the file. Flags, which stand above both, are
// the command line's own.
func ReadSettings(file string, environ []string) (map[string]string, error) {
	k := koanf.New(".")
	if file != "" {
		said, err := settingsFile(file)
		if err != nil {
			return nil, err
		}
		if err := k.Load(said, nil); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
	}
	if err := k.Load(settingsEnv(environ), nil); err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	out := map[string]string{}
	for _, name := range k.Keys() {
		out[name] = k.String(name)
	}
	return out, nil
}

// layer is one place where settings stand, as koanf reads it.
type layer map[string]any

// Read implements koanf.Provider.
func (l layer) Read() (map[string]any, error) { return l, nil }

// ReadBytes implements koanf.Provider.
func (l layer) ReadBytes() ([]byte, error) { return yaml.Marshal(map[string]any(l)) }

func settingsFile(file string) (layer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	out := layer{}
	if err := yaml.Unmarshal(text, &out); err != nil {
		return nil, hansei.Invalid("config", "%s: %s", file, yaml.FormatError(err, false, false))
	}
	for name, value := range out {
		if !slices.Contains(settings, name) {
			return nil, hansei.Invalid("config", "%s: %q is not a setting; expected one of %s", file, name, strings.Join(settings, ", "))
		}
		if _, ok := value.(string); !ok {
			return nil, hansei.Invalid("config", "%s: %s: expected text, got %v", file, name, value)
		}
	}
	return out, nil
}

func settingsEnv(environ []string) layer {
	out := layer{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		name, ours := strings.CutPrefix(name, "HANSEI_")
		if name = strings.ReplaceAll(strings.ToLower(name), "_", "-"); ours && value != "" && slices.Contains(settings, name) {
			out[name] = value
		}
	}
	return out
}
