package web_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
)

// told is a site with channels in every state, and messages.
func told(t *testing.T) (*site, *httptest.Server) {
	t.Helper()
	s, ctx, who := newSite(t), t.Context(), auth.Local()
	n := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; strings.HasSuffix(r.URL.Path, "/broken") {
			http.Error(w, "no_service", http.StatusNotFound)
		}
	}))
	t.Cleanup(receiver.Close)
	for _, spec := range []notify.Spec{
		{Type: "slack", Name: "payments-team", Settings: map[string]string{"url": receiver.URL}, Teams: []hansei.ID{"payments"}},
		{Type: "slack", Name: "incidents", Settings: map[string]string{"url": receiver.URL + "/broken"}, Events: []string{"similar"}},
		{Type: "email", Name: "directors", Settings: map[string]string{"addresses": "directors@example.org, cto@example.org"}, Events: []string{"escalated", "digest"}},
		{Type: "webhook", Name: "archive", Settings: map[string]string{"url": receiver.URL}},
	} {
		if _, err := s.Outbox.Add(ctx, who, spec); err != nil {
			t.Fatal(err)
		}
	}
	yes := true
	if _, err := s.Outbox.Edit(ctx, who, "archive", notify.Change{Paused: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Records.Write(ctx, who, func(tx *record.Tx) error {
		if err := record.Put(tx, &hansei.Team{Header: hansei.Header{ID: "payments"}, Name: "Payments"}, 0); err != nil {
			return err
		}
		if err := record.Put(tx, &hansei.Person{Header: hansei.Header{ID: "ann-lee"}, Name: "Ann Lee", Email: "ann@example.org"}, 0); err != nil {
			return err
		}
		for _, m := range []struct {
			to             notify.To
			event, subject string
		}{
			{notify.To{Channel: "payments-team"}, hansei.EventPublished, "Published: Checkout down after an expired certificate"},
			{notify.To{Channel: "incidents"}, hansei.EventSimilar, "This has been here before: Search returns an empty page"},
			{notify.To{Channel: "archive"}, hansei.EventDigest, "Open this week: 2 retrospectives, 5 follow-ups"},
			{notify.To{Person: "ann-lee", At: now.Add(10 * time.Hour)}, hansei.EventDue, "Due soon: Alert on certificates"},
		} {
			if err := s.Outbox.Put(tx, m.to, notify.Message{Event: m.event, Subject: m.subject}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all, err := record.Notices(ctx, s.Records, who.Scope(), record.NoticeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Person == "" {
			_ = s.Outbox.Deliver(ctx, who, m.ID) // what was wrong is noted
		}
	}
	return s, receiver
}

const notifications = "/settings/notifications"

func TestNotificationsHaveNoAccessibilityViolations(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	empty := newSite(t)
	s, _ := told(t)
	pages := map[string]string{"empty": empty.url + notifications, "home": s.url + notifications, "log": s.url + notifications + "/log", "new": s.url + notifications + "/new/slack",
		"hook": s.url + notifications + "/channels/archive"}
	judged(t, ctx, look{group: "notices", pages: pages, open: openButMenus})
}

func TestNotifications(t *testing.T) {
	s, receiver := told(t)
	s.get(t, "/settings").says(t, 200, `href="/settings/notifications"`)
	s.get(t, notifications).says(t, 200, "payments-team", "Failing", "make a new one in Slack", "Paused", "directors@example.org", "HANSEI_SMTP", "Payments", "This has been here before", "Ann Lee", "not before", "A certificate that nobody owns expires", "!whsec_")
	s.get(t, notifications+"/log?state=failed").says(t, 200, "given up", "Send again", "!Open this week")
	s.get(t, notifications+"/log?state=odd").says(t, 422)
	s.get(t, notifications+"/log?before=odd").says(t, 422)
	s.get(t, notifications+"/log?channel=archive").says(t, 200, "What was sent to archive", "the channel is paused")
	retry := regexp.MustCompile(`action="([^"]+/retry)"`).FindStringSubmatch(s.get(t, notifications+"/log?state=failed").body)
	s.post(t, retry[1]).says(t, 200, "sent again now")
	s.post(t, retry[1]).says(t, 422, "waits to be")

	// A channel comes, is tried, changed and goes.
	s.get(t, notifications+"/new/pager").says(t, 404)
	s.get(t, notifications+"/new/slack").says(t, 200, `value="slack"`, "Incoming webhook")
	s.post(t, notifications+"/new/slack", "name", "ops").says(t, 422, `id="set-url-error"`, "one of the two")
	s.post(t, notifications+"/new/slack", "name", "my ops", "set-url", "https://hooks.slack.com/x").says(t, 422, `id="name-error"`)
	s.post(t, notifications+"/new/slack/test", "name", "ops", "set-url", receiver.URL+"/broken").says(t, 200, "make a new one in Slack", `value="ops"`)
	s.post(t, notifications+"/new/slack", "name", "ops", "set-url", receiver.URL, "event", "digest", "team", "payments").says(t, 200, "The channel was added", "Send a test message", "kept; write here", "!"+receiver.URL)
	s.post(t, notifications+"/channels/ops/test").says(t, 200, "the message was taken by")
	s.post(t, notifications+"/channels/ops", "set-channel", "C1").says(t, 200, "The channel was saved")
	c, err := s.Outbox.Get(t.Context(), auth.Local().Scope(), "ops")
	if err != nil || len(c.Teams) != 0 || !slices.Equal(c.Events, hansei.DefaultChannelEvents) || !slices.Equal(c.Secrets, []string{"url"}) {
		t.Errorf("got %+v, %v", c, err)
	}
	s.post(t, notifications+"/channels/ops", "forget-url", "yes").says(t, 422, "one of the two")
	s.post(t, notifications+"/channels/ops/pause").says(t, 200, "is paused", "Undo")
	s.post(t, notifications+"/channels/ops/resume").says(t, 200, "hears again")
	s.post(t, notifications+"/channels/ops/remove").says(t, 200, "put back for a day", `action="/settings/notifications/channels/ops/restore"`)
	s.get(t, notifications+"/channels/ops").says(t, 404)
	s.post(t, notifications+"/channels/ops/restore").says(t, 200, "is back")
	s.post(t, notifications+"/channels/ops/dance").says(t, 404)
	s.post(t, notifications+"/new/webhook", "name", "mine", "set-url", receiver.URL).says(t, 200, "whsec_", "shown this once")
	s.get(t, notifications+"/channels/mine").says(t, 200, "!whsec_", "Make a new signing secret")
	s.post(t, notifications+"/channels/mine/rotate").says(t, 200, "whsec_")
}

func TestRulesOfNotices(t *testing.T) {
	s := newSite(t)
	form := func(over ...string) []string {
		v := map[string]string{"off": "no", "people": "yes", "hour": "9", "digest": "monday", "similar_from": "sev2", "quiet_from": "19", "quiet_until": "8", "told": "overdue",
			"pace-0-soon": "2", "pace-0-channel": "2", "pace-0-escalate": "5", "pace-0-repeat": "5"}
		for i := 0; i < len(over); i += 2 {
			v[over[i]] = over[i+1]
		}
		var out []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, name, v[name])
		}
		return out
	}
	for field, bad := range map[string]string{"hour": "noon", "digest": "sunday", "similar_from": "grave", "quiet_from": "25", "quiet_until": "late"} {
		s.post(t, notifications+"/rules", form(field, bad)...).says(t, 422, `id="`+field+`-error"`)
	}
	s.post(t, notifications+"/rules", form("pace-0-soon", "some")...).says(t, 422, "neither a number of working days nor never")
	s.post(t, notifications+"/rules", form("pace-0-soon", "999")...).says(t, 422, "365 working days")
	s.post(t, notifications+"/rules", form("hour", "8", "digest", "never", "people", "no", "pace-1-type", "prevent", "pace-1-severity", "sev2", "pace-1-soon", "0", "pace-1-escalate", "never", "pace-2-type", "any", "pace-9-type", "")...).
		says(t, 200, "What is told was saved", `name="pace-1-soon" value="never"`, `name="pace-2-escalate" value="5"`)
	r, err := s.Outbox.Rules(t.Context(), auth.Local().Scope())
	want := []hansei.FollowUpPace{{Type: "prevent", Severity: "sev2", Pace: hansei.Pace{Soon: -1, Channel: 2, Escalate: -1, Repeat: 5}}, {Pace: hansei.Pace{Soon: 2, Channel: 2, Escalate: 5, Repeat: 5}}}
	if err != nil || r.Hour != 8 || r.Digest != hansei.Never || !r.ChannelsOnly || !slices.Equal(r.FollowUps, want) || r.Tells(hansei.EventDigest) || !r.Tells(hansei.EventOverdue) {
		t.Errorf("got %+v, %v", r, err)
	}
	s.post(t, notifications+"/rules", form("hour", "8", "pace-1-type", "")...).says(t, 200, "was saved", `!name="pace-2-soon"`)
	if r, err := s.Outbox.Rules(t.Context(), auth.Local().Scope()); err != nil || len(r.FollowUps) != 0 || r.PaceOf("prevent", "sev1") != r.Pace {
		t.Errorf("after every rule for follow-ups went: %+v, %v", r, err)
	}
	// The organization's other settings leave the rules alone.
	s.post(t, "/settings", "revision", "1", "name", "Acme", "zone", "Europe/Berlin", "customers_served", "5")
	if r, err := s.Outbox.Rules(t.Context(), auth.Local().Scope()); err != nil || r.Hour != 8 {
		t.Errorf("after an edit of the organization: %+v, %v", r, err)
	}
}

func TestNotificationsInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	s, receiver := told(t)
	do(t, ctx, chromedp.EmulateViewport(1440, 1100))
	do(t, ctx, chromedp.Navigate(s.url+notifications+"/new/slack"))
	js[bool](t, ctx, `document.getElementById('set-url').value = '`+receiver.URL+`/broken', document.getElementById('name').value = 'ops', true`)
	submit(t, ctx, "Send a test message", `document.getElementById('findings').textContent.includes('make a new one in Slack') && document.getElementById('set-url').value !== ''`)
	shoot(t, ctx, "notices-tested")
	js[bool](t, ctx, `document.getElementById('set-url').value = '`+receiver.URL+`', true`)
	submit(t, ctx, "Send a test message", `document.getElementById('findings').textContent.includes('was taken')`)
	submit(t, ctx, "Save", `location.pathname === '/settings/notifications/channels/ops' && document.getElementById('toasts').textContent.includes('was added')`)
	submit(t, ctx, "Remove", `location.pathname === '/settings/notifications' && document.getElementById('toasts').textContent.includes('put back')`)
	submit(t, ctx, "Undo", `document.getElementById('toasts').textContent.includes('is back')`)
}
