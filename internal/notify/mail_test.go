package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"hansei"
	"hansei/internal/record"
)

// postman is a mail server that keeps what it gets.
type postman struct {
	mu     sync.Mutex
	mails  []string
	to     [][]string
	user   string // whose password is "s3cret-pw"; nobody signs in when empty
	refuse *smtp.SMTPError
}

type visit struct {
	*postman
	to   []string
	in   bool
	safe bool
}

func (p *postman) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, safe := c.TLSConnectionState()
	return &visit{postman: p, safe: safe}, nil
}

func (v *visit) Reset()        { v.to = nil }
func (v *visit) Logout() error { return nil }
func (v *visit) AuthMechanisms() []string {
	if v.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if v.in = user == v.user && password == "s3cret-pw"; !v.in {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "who is " + user + " with " + password + "?"}
		}
		return nil
	}), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if v.user != "" && !v.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if v.refuse != nil {
		return v.refuse
	}
	v.to = append(v.to, to)
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mails, v.postman.to = append(v.mails, string(text)), append(v.postman.to, v.to)
	return err
}

// mailing starts a mail server, with STARTTLS or with TLS from the beginning,
// and returns its address and who vouches for it.
func mailing(t *testing.T, p *postman, plain, wrapped bool) (address string, roots *x509.CertPool) {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(borrowed.Close)
	roots = x509.NewCertPool()
	roots.AddCert(borrowed.Certificate())
	s := smtp.NewServer(p)
	s.Domain, s.AllowInsecureAuth = "mail.example", plain
	config := &tls.Config{Certificates: borrowed.TLS.Certificates}
	if !plain && !wrapped {
		s.TLSConfig = config
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if wrapped {
		l = tls.NewListener(l, config)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return address, roots
}

func TestMailArrives(t *testing.T) {
	for name, c := range map[string]struct {
		plain, wrapped bool
		url            string
		user           string
	}{
		"STARTTLS":                {url: "smtp://ann:s3cret-pw@", user: "ann"},
		"TLS from the beginning":  {wrapped: true, url: "smtps://ann:s3cret-pw@", user: "ann"},
		"in the clear":            {plain: true, url: "smtp://ann:s3cret-pw@?tls=none", user: "ann"},
		"in the clear, no user":   {plain: true, url: "smtp://@?tls=optional"},
		"optional, and it has it": {url: "smtp://@?tls=optional"},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := opened(t), &postman{user: c.user}
			address, roots := mailing(t, p, c.plain, c.wrapped)
			url, query, _ := strings.Cut(c.url, "?")
			url = strings.Replace(url, "//@", "//", 1) + address
			if query != "" {
				url += "?" + query
			}
			mail, err := ParseMail(url, "Hansei <hansei@hansei.example>")
			if err != nil {
				t.Fatal(err)
			}
			mail.Roots, f.Mail = roots, mail
			f.add(Spec{Type: "email", Name: "list", Settings: map[string]string{"addresses": "Ann <ann@example.org>, ben@example.org"}})
			id := f.put(To{Channel: "list"}, hostile)
			if err := f.Deliver(t.Context(), who, id); err != nil {
				t.Fatal(err)
			}
			if len(p.mails) != 1 || strings.Join(p.to[0], " ") != "ann@example.org ben@example.org" {
				t.Fatalf("got %d mails to %v", len(p.mails), p.to)
			}
			head, _, _ := strings.Cut(p.mails[0], "\r\n\r\n")
			for _, want := range []string{"From: \"Hansei\" <hansei@hansei.example>", "Auto-Submitted: auto-generated", "Message-ID: <" + id + "@127.0.0.1>", "multipart/alternative"} {
				if !strings.Contains(head, want) {
					t.Errorf("the head has no %q:\n%s", want, head)
				}
			}
			if strings.Contains(head, "\nBcc:") || strings.Count(p.mails[0], "<script>") != 1 {
				t.Errorf("a title became a header, or a lead HTML:\n%s", p.mails[0])
			}
			if strings.Contains(f.log.String(), "s3cret-pw") {
				t.Error("the password is in the log")
			}
		})
	}
}

func TestMailRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		user, password string
		refuse         *smtp.SMTPError
		plain, trusted bool
		down           bool
		final          bool
		says           string
	}{
		"a wrong password":      {user: "ann", password: "wrong-pw", trusted: true, final: true, says: "535"},
		"no such mailbox":       {trusted: true, refuse: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}, final: true, says: "no such user"},
		"greylisting":           {trusted: true, refuse: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later please"}, says: "later please"},
		"an unknown signer":     {final: true, says: "certificate"},
		"a server without TLS":  {plain: true, trusted: true, final: true, says: "no STARTTLS"},
		"a server that is down": {trusted: true, down: true, says: "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := opened(t), &postman{user: c.user, refuse: c.refuse}
			address, roots := mailing(t, p, c.plain, false)
			if c.down {
				address = "127.0.0.1:1"
			}
			user := ""
			if c.user != "" {
				user = c.user + ":" + c.password + "@"
			}
			mail, err := ParseMail("smtp://"+user+address, "")
			if err != nil {
				t.Fatal(err)
			}
			if c.trusted {
				mail.Roots = roots
			}
			f.Mail = mail
			f.add(Spec{Type: "email", Name: "list", Settings: map[string]string{"addresses": "ann@example.org"}})
			id := f.put(To{Channel: "list"}, hostile)
			var no *Refusal
			if err := f.Deliver(t.Context(), who, id); !errors.As(err, &no) || no.Final != c.final || !strings.Contains(no.Says, c.says) {
				t.Errorf("got %v; want %q, final %v", err, c.says, c.final)
			}
			if c.password != "" && strings.Contains(f.notice(id).Error+f.log.String(), c.password) {
				t.Errorf("the password is told: %s", f.notice(id).Error)
			}
		})
	}
}

func TestMailToAPerson(t *testing.T) {
	f, p := opened(t), &postman{}
	address, roots := mailing(t, p, false, false)
	mail, err := ParseMail("smtp://"+address, "")
	if err != nil {
		t.Fatal(err)
	}
	mail.Roots = roots
	person := func(id, email string, into hansei.ID) {
		_, err := f.Records.Write(t.Context(), who, func(tx *record.Tx) error {
			return record.Put(tx, &hansei.Person{Header: hansei.Header{ID: hansei.ID(id), MergedInto: into}, Name: id, Email: email}, 0)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	person("ann", "ann@example.org", "")
	person("a-lee", "old@example.org", "ann")
	person("ben", "", "")
	if err := f.Deliver(t.Context(), who, f.put(To{Person: "ann"}, hostile)); err == nil || !strings.Contains(err.Error(), "HANSEI_SMTP") {
		t.Errorf("without a mail server: %v", err)
	}
	f.Mail = mail
	for id, want := range map[hansei.ID]string{"ann": record.NoticeSent, "a-lee": record.NoticeSent, "ben": record.NoticeDropped, "nobody": record.NoticeDropped} {
		n := f.put(To{Person: id}, hostile)
		if err := f.Deliver(t.Context(), who, n); err != nil || f.notice(n).State != want {
			t.Errorf("%s: %v, %+v", id, err, f.notice(n))
		}
	}
	if len(p.to) != 2 || p.to[0][0] != "ann@example.org" || p.to[1][0] != "ann@example.org" {
		t.Errorf("got mails to %v", p.to)
	}
}

func TestParseMail(t *testing.T) {
	for _, bad := range []string{"http://x", "smtp://", "smtp://u:topsecret@", "smtp://x?tls=maybe", "smtp://x:port", "mail.example.org:25", "smtp://u:top secret@x"} {
		if _, err := ParseMail(bad, ""); err == nil || strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), "top secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := ParseMail("smtp://x", "nobody"); err == nil {
		t.Error("an address without a host is one")
	}
	m, err := ParseMail("smtps://u:p@mail.example.org", "")
	if err != nil || m.Server() != "mail.example.org:465" || m.From != "<hansei@mail.example.org>" {
		t.Errorf("got %+v, %v", m, err)
	}
	if m, err := ParseMail("", ""); m != nil || err != nil {
		t.Errorf("none: %v, %v", m, err)
	}
}
