package generic

import (
	"strings"

	"hansei"
	"hansei/internal/source"
)

// Check of a tool without a list asks nothing.
func (t *tool) Check(*source.Pull) []source.Finding {
	return []source.Finding{{OK: true, Says: "No list to read is entered: only webhooks tell."}}
}

// Verify checks the sender as the settings say.
func (t *tool) Verify(r source.Request) (source.Receipt, error) {
	value := r.Header.Get(t.header)
	var err error
	switch t.verify {
	case byToken:
		if strings.EqualFold(t.header, "Authorization") {
			err = source.CheckBearer(t.secret, value)
		} else {
			err = source.CheckToken(t.secret, value)
		}
	case byHMAC, byHMAC64:
		signature, ok := strings.CutPrefix(value, t.prefix)
		switch {
		case !ok:
			err = source.ErrSignature
		case t.verify == byHMAC:
			err = source.CheckHex(t.secret, signature, r.Body)
		default:
			err = source.CheckBase64(t.secret, signature, r.Body)
		}
	case byAddress:
	default:
		err = hansei.Invalid("verify", "%q is not a way to prove who sends", t.verify)
	}
	return source.Receipt{ID: r.Header.Get(t.delivery), Event: "webhook", Untimed: !t.Timed()}, err
}

// Unproven implements source.Unproven.
func (t *tool) Unproven() bool { return t.verify == byAddress }
