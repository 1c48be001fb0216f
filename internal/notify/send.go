package notify

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/fetch"
)

// Refusal is why a message was not taken, in words that hold no secret.
type Refusal struct {
	Says  string
	Final bool          // trying again would fail again
	After time.Duration // the other side asks to wait that long; 0: not said
}

// Error implements error.
func (r *Refusal) Error() string { return r.Says }

// hide takes secrets out of a text.
func hide(text string, secrets ...string) string {
	for _, s := range secrets {
		if s == "" {
			continue
		}
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, "…")
		}
	}
	return text
}

// slackAPI is where bots write.
const slackAPI = "https://slack.com/api/chat.postMessage"

// send brings a message to a channel.
func (o *Outbox) send(ctx context.Context, c *hansei.Channel, secrets map[string]string, id string, m Message) error {
	m = m.bounded()
	if c.Type == hansei.ChannelEmail {
		to, err := addresses(c.Settings[settingAddresses])
		if err != nil {
			return err
		}
		return o.mail(ctx, id, to, m)
	}
	target, header, now := secrets[settingURL], http.Header{}, o.Now()
	var body []byte
	var err error
	switch {
	case c.Type == hansei.ChannelSlack && secrets[settingToken] != "":
		target = o.slack()
		header.Set("Authorization", "Bearer "+secrets[settingToken])
		header.Set("Content-Type", "application/json; charset=utf-8")
		body, err = slackBody(m, o.Base, c.Settings[settingChannel])
	case c.Type == hansei.ChannelSlack:
		body, err = slackBody(m, o.Base, "")
	case c.Type == hansei.ChannelTeams:
		body, err = teamsBody(m, o.Base)
	default:
		if body, err = hookBody(m, o.Base, id, now); err == nil {
			header = sign(secrets[settingSecret], id, now, body)
		}
	}
	if err != nil {
		return err
	}
	r, err := o.post(ctx, target, body, header)
	if err != nil {
		return o.refused(c, target, secrets, err)
	}
	if c.Type == hansei.ChannelSlack && secrets[settingToken] != "" {
		return slackRefusal(slackError(r.Body))
	}
	return nil
}

func (o *Outbox) slack() string {
	if o.SlackAPI != "" {
		return o.SlackAPI
	}
	return slackAPI
}

func (o *Outbox) mail(ctx context.Context, id string, to []string, m Message) error {
	if o.Mail == nil {
		return &Refusal{Says: "this server sends no e-mail yet: whoever runs it says where mail leaves with --smtp or HANSEI_SMTP", Final: true}
	}
	return o.Mail.send(ctx, id, to, m.bounded(), o.Base, o.Now())
}

// sendTime is how long one attempt may take.
const sendTime = 30 * time.Second

// post makes one call. Repeating is the queue's, so that one slow receiver
// holds up no other.
func (o *Outbox) post(ctx context.Context, target string, body []byte, header http.Header) (*fetch.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	c := fetch.Client{HTTP: o.HTTP, Log: o.Log, Now: o.Now, Budget: time.Nanosecond}
	if c.HTTP == nil {
		c.HTTP = fetch.Guarded(o.Allow)
	}
	return c.Post(ctx, target, body, header)
}

// refused says what a failed call means.
func (o *Outbox) refused(c *hansei.Channel, target string, secrets map[string]string, err error) error {
	host := "the receiver"
	if u, parseErr := url.Parse(target); parseErr == nil {
		host = u.Host
	}
	var no *fetch.StatusError
	if !errors.As(err, &no) {
		return &Refusal{Says: host + ": " + o.unreached(err, target, secrets), Final: errors.Is(err, fetch.ErrPrivate)}
	}
	r := &Refusal{Says: host + " answered " + strconv.Itoa(no.Status) + " " + http.StatusText(no.Status), After: after(no.Header, o.Now()), Final: final(no.Status)}
	if no.Says == "" {
		return r
	}
	if c.Type == hansei.ChannelSlack {
		if says, ok := slackSays[no.Says]; ok {
			r.Says += " (" + no.Says + "): " + says
			return r
		}
	}
	r.Says += ": " + hide(no.Says, values(secrets)...)
	return r
}

// unreached is a failure of the connection without the address, whose path may
// be the secret.
func (o *Outbox) unreached(err error, target string, secrets map[string]string) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within " + sendTime.String()
	}
	for inner := errors.Unwrap(err); inner != nil && strings.Contains(err.Error(), "://"); inner = errors.Unwrap(err) {
		err = inner
	}
	text := err.Error()
	if u, parseErr := url.Parse(target); parseErr == nil {
		text = hide(text, strings.TrimPrefix(u.Path, "/"), u.RawQuery)
	}
	return short(oneLine(hide(text, values(secrets)...)), maxText)
}

// final says of a status that it stays until a person does something.
func final(status int) bool {
	return status >= 400 && status < 500 && !slices.Contains([]int{http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests}, status) || status < 300
}

// longestWait is how long a receiver may have us wait.
const longestWait = time.Hour

func after(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	d := time.Duration(0)
	if n, err := strconv.ParseFloat(v, 64); err == nil && n > 0 && n < 1e6 {
		d = time.Duration(n * float64(time.Second))
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), longestWait)
}

func slackRefusal(says string) error {
	if says == "" {
		return nil
	}
	r := &Refusal{Says: "Slack refuses: " + says, Final: !slices.Contains(slackPasses, says)}
	if what, ok := slackSays[says]; ok {
		r.Says = "Slack refuses (" + says + "): " + what
	}
	return r
}

func values(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}
