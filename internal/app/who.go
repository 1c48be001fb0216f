package app

import (
	"errors"
	"net/http"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// who is who asks, for pages and API alike. It lets in whoever reaches the
// loopback interface or the Unix socket: until there are accounts, that is the
// one user of this machine, and requests from elsewhere do not get this far
// (see guard). The user may say which person of the record they are; what they
// do then carries that person's name.
func (a *App) who(r *http.Request) (auth.Actor, error) {
	who := auth.Local()
	id, must := auth.Named(r)
	for range maxMerges {
		if id == "" {
			return who, nil
		}
		p, _, err := record.Get[*hansei.Person](r.Context(), a.records, who.Scope(), id)
		switch {
		case err == nil && p.MergedInto != "":
			id = p.MergedInto
		case err == nil && !p.Deleted:
			return who.As(string(p.ID)), nil
		case err != nil && !errors.Is(err, hansei.ErrNotFound):
			return auth.Actor{}, err
		case must:
			return auth.Actor{}, hansei.Invalid(auth.PersonHeader, "%q is no person of the record; expected a person's id", id)
		default:
			return who, nil
		}
	}
	return who, nil
}

// maxMerges bounds how often somebody's record was merged into another.
const maxMerges = 10
