package intake

import (
	"context"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// Counted is an incident with what was counted among the records linked with
// it; nil when there is nothing. It is not written.
func Counted(ctx context.Context, r record.Reader, who auth.Scope, in *hansei.Incident, c *hansei.Counted) (hansei.Record, error) {
	versions, err := parts.Of(in)
	if err != nil {
		return nil, err
	}
	order, err := orderIn(ctx, r, who)
	if err != nil {
		return nil, err
	}
	parts.Uncount(in) // while its header still says that these are not its own
	in.Counted = c
	return parts.Assemble(in, versions, order)
}
