package app

import (
	"context"
	"path/filepath"
	"strings"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/retro/model"
	"hansei/internal/seal"
	"hansei/internal/source"
	"hansei/internal/source/alertmanager"
	"hansei/internal/source/cdevents"
	"hansei/internal/source/generic"
	"hansei/internal/source/git"
	"hansei/internal/source/github"
	"hansei/internal/source/gitlab"
	"hansei/internal/source/icalendar"
	"hansei/internal/source/jira"
	"hansei/internal/source/linear"
	"hansei/internal/source/pagerduty"
	"hansei/internal/source/slack"
	"hansei/internal/source/statuspage"
	"hansei/internal/source/zendesk"
)

// tools are the kinds of source there are.
var tools = []source.Kind{
	pagerduty.Kind, alertmanager.Kind, alertmanager.Grafana, statuspage.Kind,
	github.Kind, gitlab.Kind, git.Kind, cdevents.Kind,
	jira.Kind, linear.Kind, zendesk.Kind, slack.Kind, icalendar.Kind, generic.Kind,
}

// connect builds what live sources need.
func (a *App) connect(ctx context.Context) error {
	c := a.config
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.Dir, "hansei.key")
	}
	if c.URL == "" {
		c.URL = "http://" + c.Listen
	}
	box, err := seal.Open(c.KeyFile)
	if err != nil {
		return err
	}
	packer, err := pack.New()
	if err != nil {
		return err
	}
	a.inbox = &intake.Inbox{Records: a.records, Log: c.Log}
	a.sources = &connect.Sources{Records: a.records, Kinds: tools, Seal: box, Inbox: a.inbox, Log: c.Log, Now: c.Now,
		Base: c.URL, Allow: c.Allow, Later: a.later}
	a.inbox.Source = a.sources.Reading
	a.hooks = &connect.Hooks{Sources: a.sources, Packer: packer}
	a.joins = intake.Joins{Records: a.records, Near: a.near}
	mail, err := notify.ParseMail(c.SMTP, c.MailFrom)
	if err != nil {
		return err
	}
	a.outbox = &notify.Outbox{Records: a.records, Seal: box, Mail: mail, Base: strings.TrimSuffix(c.URL, "/"), Allow: c.Allow, Now: c.Now, Log: c.Log, Later: a.deliver}
	a.model = &model.Writer{Records: a.records, Seal: box, Allow: c.Allow}
	if a.jobs, err = job.Open(ctx, a.records, job.Options{Log: c.Log}); err != nil {
		return err
	}
	a.timetable()
	a.followups.Base = c.URL
	a.followUps()
	return nil
}

// checkKey warns of secrets that the key cannot open. A lost key is made anew
// without a question, as at the first start.
func (a *App) checkKey(ctx context.Context) error {
	all, err := record.Secrets(ctx, a.records, auth.Local().Scope())
	for owner, boxes := range all {
		for name, box := range boxes {
			if _, err := a.sources.Seal.Open(owner, name, box); err != nil {
				a.config.Log.Warn("a credential cannot be used", "error", err)
			}
		}
	}
	return err
}
