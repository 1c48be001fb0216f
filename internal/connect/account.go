package connect

import (
	"cmp"
	"context"
	"slices"

	"hansei/internal/auth"
	"hansei/internal/source/fetch"
)

// Account is a configured source as those need it who write to its tool.
type Account struct {
	Source   string
	Tool     string
	Settings map[string]string // secrets opened, defaults filled in
	Client   *fetch.Client     // without credentials
	Paused   bool
	Bad      error // why it cannot be used
}

// Accounts are the sources of some tools, by name.
func (s *Sources) Accounts(ctx context.Context, who auth.Scope, tools []string) ([]Account, error) {
	if err := s.look(ctx, who); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Account
	for name, o := range s.open {
		if !slices.Contains(tools, o.rec.Tool) {
			continue
		}
		a := Account{Source: name, Tool: o.rec.Tool, Settings: map[string]string{}, Paused: o.rec.Paused, Bad: o.bad,
			Client: &fetch.Client{HTTP: fetch.Guarded(s.Allow), Log: s.Log, Now: s.Now}}
		for _, x := range o.kind.Settings {
			if v := cmp.Or(o.secret[x.Name], o.rec.Settings[x.Name], x.Default); v != "" {
				a.Settings[x.Name] = v
			}
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Account) int { return cmp.Compare(a.Source, b.Source) })
	return out, nil
}
