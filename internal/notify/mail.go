package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html/template"
	"net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	smtp "github.com/wneessen/go-mail"

	"hansei"
)

// Mail is the server that e-mail leaves by. The operator names it, so it may be
// anywhere.
type Mail struct {
	From  string
	Roots *x509.CertPool // whom to trust; the system's when nil

	host           string
	port           int
	wrapped        bool // TLS from the first byte
	policy         smtp.TLSPolicy
	user, password string
}

// ParseMail reads where e-mail leaves: "smtp://user:password@host:587", with
// STARTTLS, or "smtps://host" with TLS from the beginning; ?tls=optional takes
// STARTTLS where the server has it, ?tls=none does without. from is what
// messages are from: "Hansei <hansei@example.org>". Nil when text is empty.
func ParseMail(text, from string) (*Mail, error) {
	if text == "" {
		return nil, nil
	}
	const shape = "expected smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST"
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, hansei.Invalid("smtp", "%s", shape) // the text may hold a password
	}
	m := &Mail{host: u.Hostname(), port: 587, wrapped: u.Scheme == "smtps", policy: smtp.TLSMandatory, user: u.User.Username()}
	m.password, _ = u.User.Password()
	if m.wrapped {
		m.port = 465
	}
	if p := u.Port(); p != "" {
		if m.port, err = strconv.Atoi(p); err != nil {
			return nil, hansei.Invalid("smtp", "%s", shape)
		}
	}
	switch v := u.Query().Get("tls"); v {
	case "", "starttls":
	case "optional":
		m.policy = smtp.TLSOpportunistic
	case "none":
		m.policy = smtp.NoTLS
	default:
		return nil, hansei.Invalid("smtp", "tls=%s: expected starttls, optional or none", v)
	}
	if from == "" {
		from = "hansei@" + m.host
	}
	address, err := mail.ParseAddress(from)
	if err != nil {
		return nil, hansei.Invalid("mail-from", "%q: expected an address such as Hansei <hansei@example.org>", from)
	}
	m.From = address.String()
	return m, nil
}

// Server is where e-mail leaves, without what is secret.
func (m *Mail) Server() string { return fmt.Sprintf("%s:%d", m.host, m.port) }

const mailTimeout = 30 * time.Second

// send brings a message to addresses. id makes the message's own id, which
// stays the same when it is sent again.
func (m *Mail) send(ctx context.Context, id string, to []string, text Message, base string, at time.Time) error {
	msg := smtp.NewMsg(smtp.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.From), msg.To(to...)); err != nil {
		return &Refusal{Says: "an address is not one: " + err.Error(), Final: true}
	}
	html, err := htmlOf(text, base)
	if err != nil {
		return err
	}
	msg.Subject(text.Subject)
	msg.SetDateWithValue(at)
	msg.SetMessageIDWithValue(id + "@" + m.host)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no answers of machines (RFC 3834)
	msg.SetBodyString(smtp.TypeTextPlain, text.Text(base))
	msg.AddAlternativeString(smtp.TypeTextHTML, html)
	options := []smtp.Option{smtp.WithPort(m.port), smtp.WithTimeout(mailTimeout), smtp.WithTLSPolicy(m.policy),
		smtp.WithTLSConfig(&tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12, RootCAs: m.Roots})}
	if m.wrapped {
		options = append(options, smtp.WithSSL())
	}
	if m.user != "" {
		auth := smtp.SMTPAuthAutoDiscover
		if m.policy == smtp.NoTLS && !m.wrapped {
			auth = smtp.SMTPAuthPlainNoEnc // the operator said so
		}
		options = append(options, smtp.WithSMTPAuth(auth), smtp.WithUsername(m.user), smtp.WithPassword(m.password))
	}
	client, err := smtp.NewClient(m.host, options...)
	if err != nil {
		return &Refusal{Says: m.clean(err), Final: true}
	}
	return m.judge(client.DialAndSendWithContext(ctx, msg))
}

// judge says whether a failure may pass. Codes from 500 on do not (RFC 5321,
// 4.2.1); without a code it was the connection.
func (m *Mail) judge(err error) error {
	if err == nil {
		return nil
	}
	says := m.clean(err)
	var unsent *smtp.SendError
	var answer *textproto.Error
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	switch {
	case errors.As(err, &unsent) && unsent.ErrorCode() >= 500, errors.As(err, &answer) && answer.Code >= 500:
		return &Refusal{Says: "the mail server refuses: " + says, Final: true}
	case errors.As(err, &unknown), errors.As(err, &other):
		return &Refusal{Says: "the mail server's certificate is not to be trusted: " + says, Final: true}
	case strings.Contains(says, "STARTTLS"):
		return &Refusal{Says: "the mail server has no STARTTLS; say smtps:// for TLS from the beginning, or ?tls=none to do without: " + says, Final: true}
	}
	return &Refusal{Says: "mail server " + m.Server() + ": " + says}
}

// clean is an error without the password.
func (m *Mail) clean(err error) string {
	return short(oneLine(hide(err.Error(), m.password)), maxText)
}

// addresses reads a list of e-mail addresses, parted by commas or lines.
func addresses(text string) ([]string, error) {
	var out []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		a, err := mail.ParseAddress(part)
		if err != nil {
			return nil, hansei.Invalid(settingAddresses, "%q is not an e-mail address", short(part, 100))
		}
		out = append(out, a.Address)
	}
	if len(out) > maxAddresses {
		return nil, hansei.Invalid(settingAddresses, "%d addresses are too many; at most %d: use a list of your mail server's", len(out), maxAddresses)
	}
	return out, nil
}

const maxAddresses = 50

// page is a message as a mail's HTML. Mail programs know no style sheets.
var page = template.Must(template.New("mail").Parse(`<!doctype html>
<html><body style="font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#1f2733;max-width:640px;margin:0 auto;padding:16px">
<h1 style="font-size:18px;margin:0 0 12px">{{.Subject}}</h1>
{{with .Lead}}<p style="margin:0 0 12px;white-space:pre-line">{{.}}</p>{{end}}
{{if .Items}}<ul style="margin:0 0 12px;padding-left:20px">{{range .Items}}<li style="margin:0 0 6px">{{if .Path}}<a href="{{$.Base}}{{.Path}}" style="color:#1f5fbf">{{.Title}}</a>{{else}}{{.Title}}{{end}}{{with .Text}}<br><span style="color:#5a6573;white-space:pre-line">{{.}}</span>{{end}}</li>{{end}}
{{with .Rest}}<li style="color:#5a6573">{{.}}</li>{{end}}</ul>{{end}}
{{if .Path}}<p style="margin:0 0 12px"><a href="{{.Base}}{{.Path}}" style="display:inline-block;background:#1f5fbf;color:#fff;text-decoration:none;padding:8px 14px;border-radius:6px">{{.Action}}</a></p>{{end}}
{{with .Why}}<p style="margin:16px 0 0;color:#5a6573;font-size:13px">{{.}}</p>{{end}}
</body></html>
`))

func htmlOf(m Message, base string) (string, error) {
	var b bytes.Buffer
	err := page.Execute(&b, struct {
		Message
		Base, Rest string
	}{m, base, m.more()})
	return b.String(), err
}
