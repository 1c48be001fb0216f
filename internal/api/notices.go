package api

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/watch"
)

// ChannelSpec is a channel to be added or tried.
type ChannelSpec struct {
	Caller
	Body struct {
		Type     string            `json:"type" enum:"email,slack,teams,webhook"`
		Name     string            `json:"name,omitempty" doc:"The type's name when empty"`
		Settings map[string]string `json:"settings,omitempty" doc:"email: addresses; slack: url, or token and channel; teams: url; webhook: url and secret (made here when absent)"`
		Teams    []hansei.ID       `json:"teams,omitempty" doc:"Whose matters it hears of; everybody's when empty"`
		Events   []string          `json:"events,omitempty" doc:"similar, drafted, review, published, due, overdue, escalated, digest; all but due and escalated when empty"`
	}
}

func (s *ChannelSpec) spec() notify.Spec {
	return notify.Spec{Type: s.Body.Type, Name: s.Body.Name, Settings: s.Body.Settings, Teams: s.Body.Teams, Events: s.Body.Events}
}

// ChannelAnswer is a channel, with its signing secret when it was just made.
type ChannelAnswer struct {
	notify.View
	Secret string `json:"secret,omitempty" doc:"Signs what it is sent; shown this once"`
}

func (a *edge) savedChannel(ctx context.Context, who auth.Actor, s notify.Saved, err error) (*answer[ChannelAnswer], error) {
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, s.Seq); err != nil {
		return nil, err
	}
	v, err := a.Outbox.Get(ctx, who.Scope(), string(s.Channel.ID))
	if err != nil {
		return nil, err
	}
	return answered(ChannelAnswer{v, s.Secret})
}

func (a *edge) addChannel(ctx context.Context, who auth.Actor, in *ChannelSpec) (*answer[ChannelAnswer], error) {
	s, err := a.Outbox.Add(ctx, who, in.spec())
	return a.savedChannel(ctx, who, s, err)
}

// ChannelFindings are what a test message found.
type ChannelFindings struct {
	OK       bool             `json:"ok" doc:"The message was taken"`
	Findings []notify.Finding `json:"findings"`
}

func channelFindings(list []notify.Finding, err error) (*answer[ChannelFindings], error) {
	if err != nil {
		return nil, err
	}
	out := ChannelFindings{OK: true, Findings: list}
	for _, f := range list {
		out.OK = out.OK && f.OK
	}
	return answered(out)
}

func (a *edge) tryChannel(ctx context.Context, who auth.Actor, in *ChannelSpec) (*answer[ChannelFindings], error) {
	return channelFindings(a.Outbox.TestSpec(ctx, who, in.spec()))
}

// ChannelParam names a channel.
type ChannelParam struct {
	Caller
	Name string `path:"name"`
}

func (a *edge) testChannel(ctx context.Context, who auth.Actor, in *ChannelParam) (*answer[ChannelFindings], error) {
	return channelFindings(a.Outbox.Test(ctx, who, in.Name))
}

// ChannelList are all channels.
type ChannelList struct {
	Channels []notify.View `json:"channels"`
}

func (a *edge) listChannels(ctx context.Context, who auth.Actor, _ *none) (*answer[ChannelList], error) {
	list, err := a.Outbox.List(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(ChannelList{list})
}

func (a *edge) getChannel(ctx context.Context, who auth.Actor, in *ChannelParam) (*answer[notify.View], error) {
	v, err := a.Outbox.Get(ctx, who.Scope(), in.Name)
	if err != nil {
		return nil, err
	}
	return answered(v)
}

// ChannelChange changes a channel; what is absent stays.
type ChannelChange struct {
	ChannelParam
	Body struct {
		Settings map[string]string `json:"settings,omitempty" doc:"Those to change; an empty value takes one away"`
		Teams    *[]hansei.ID      `json:"teams,omitempty"`
		Events   *[]string         `json:"events,omitempty"`
		Paused   *bool             `json:"paused,omitempty"`
		Rotate   bool              `json:"rotate_secret,omitempty" doc:"Make a new signing secret"`
	}
}

func (a *edge) editChannel(ctx context.Context, who auth.Actor, in *ChannelChange) (*answer[ChannelAnswer], error) {
	s, err := a.Outbox.Edit(ctx, who, in.Name, notify.Change{Settings: in.Body.Settings, Teams: in.Body.Teams, Events: in.Body.Events, Paused: in.Body.Paused, Rotate: in.Body.Rotate})
	return a.savedChannel(ctx, who, s, err)
}

func (a *edge) removeChannel(ctx context.Context, who auth.Actor, in *ChannelParam) (*struct{}, error) {
	seq, err := a.Outbox.Remove(ctx, who, in.Name, true)
	if err != nil {
		return nil, err
	}
	return nil, a.settle(ctx, seq)
}

func (a *edge) restoreChannel(ctx context.Context, who auth.Actor, in *ChannelParam) (*answer[notify.View], error) {
	seq, err := a.Outbox.Remove(ctx, who, in.Name, false)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.getChannel(ctx, who, in)
}

// NoticesParams pick messages.
type NoticesParams struct {
	Caller
	Channel string `query:"channel" doc:"To one channel"`
	State   string `query:"state" enum:"waiting,sent,failed,dropped" doc:"In one state"`
	Limit   int    `query:"limit" minimum:"0" maximum:"1000" doc:"Messages on a page, 100 when empty"`
	Cursor  string `query:"cursor" doc:"From the page before"`
}

// NoticeState is a message and what became of it.
type NoticeState struct {
	record.Notice
	Message json.RawMessage `json:"message" doc:"What it says"`
}

// NoticePage is a page of messages.
type NoticePage struct {
	Notices []NoticeState `json:"notices"`
	Next    string        `json:"next,omitempty" doc:"Cursor of the next page"`
}

func (a *edge) listNotices(ctx context.Context, who auth.Actor, in *NoticesParams) (*answer[NoticePage], error) {
	f := record.NoticeFilter{Channel: hansei.ID(in.Channel), State: in.State, Limit: in.Limit}
	if f.Limit == 0 {
		f.Limit = 100
	}
	if in.Cursor != "" {
		at, id, _ := strings.Cut(in.Cursor, ".")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, hansei.Invalid("cursor", "%q is not a cursor of this list", in.Cursor)
		}
		f.CreatedBefore, f.Before = time.UnixMicro(n), id
	}
	list, err := record.Notices(ctx, a.Records, who.Scope(), f)
	if err != nil {
		return nil, err
	}
	out := NoticePage{Notices: []NoticeState{}}
	for _, n := range list {
		out.Notices = append(out.Notices, NoticeState{n, n.Doc})
	}
	if len(list) == f.Limit {
		last := list[len(list)-1]
		out.Next = strconv.FormatInt(last.Created.UnixMicro(), 10) + "." + last.ID
	}
	return answered(out)
}

// NoticeParam names a message.
type NoticeParam struct {
	Caller
	ID string `path:"id"`
}

func (a *edge) retryNotice(ctx context.Context, who auth.Actor, in *NoticeParam) (*answer[NoticeState], error) {
	if err := a.Outbox.Again(ctx, who, in.ID); err != nil {
		return nil, err
	}
	n, err := record.NoticeByID(ctx, a.Records, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	return answered(NoticeState{n, n.Doc})
}

// NoticeRulesBody are the rules of what is told.
type NoticeRulesBody struct {
	Caller
	Body hansei.NoticeRules
}

func (a *edge) getNoticeRules(ctx context.Context, who auth.Actor, _ *none) (*answer[hansei.NoticeRules], error) {
	r, err := a.Outbox.Rules(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	return answered(r)
}

func (a *edge) setNoticeRules(ctx context.Context, who auth.Actor, in *NoticeRulesBody) (*answer[hansei.NoticeRules], error) {
	seq, err := a.Outbox.SetRules(ctx, who, in.Body)
	if err != nil {
		return nil, err
	}
	if err := a.settle(ctx, seq); err != nil {
		return nil, err
	}
	return a.getNoticeRules(ctx, who, &none{})
}

// NoticeSamples are one message of each event.
type NoticeSamples struct {
	Samples []notify.Message `json:"samples"`
}

func (a *edge) noticeSamples(context.Context, auth.Actor, *none) (*answer[NoticeSamples], error) {
	return answered(NoticeSamples{watch.Samples(a.Now(), time.UTC)})
}

// noticeRoutes are the operations on what Hansei tells by itself.
func (a *edge) noticeRoutes() {
	on(a, op("GET", "/channels", "list-channels", "Where messages go, and how each channel fares"), a.listChannels)
	on(a, answers(201, op("POST", "/channels", "add-channel", "Add a channel: e-mail, Slack, Microsoft Teams or a signed webhook")), a.addChannel)
	on(a, op("POST", "/channel-tests", "try-channel", "Send a test message by settings that are not saved"), a.tryChannel)
	on(a, op("GET", "/channels/{name}", "get-channel", "One channel and how it fares"), a.getChannel)
	on(a, op("PATCH", "/channels/{name}", "edit-channel", "Change or pause a channel, or make it a new signing secret"), a.editChannel)
	on(a, op("DELETE", "/channels/{name}", "remove-channel", "Remove a channel; it can be put back for a day"), a.removeChannel)
	on(a, op("POST", "/channels/{name}/restore", "restore-channel", "Put a removed channel back"), a.restoreChannel)
	on(a, op("POST", "/channels/{name}/test", "test-channel", "Send a test message and say exactly what is wrong"), a.testChannel)
	on(a, op("GET", "/notices", "list-notices", "What was told to whom, why, and what became of it; the newest first"), a.listNotices)
	on(a, op("POST", "/notices/{id}/retry", "retry-notice", "Send a message that was given up"), a.retryNotice)
	on(a, op("GET", "/notice-rules", "get-notice-rules", "What is told by itself, and when"), a.getNoticeRules)
	on(a, op("PUT", "/notice-rules", "set-notice-rules", "Set what is told by itself, and when; what is absent is the default"), a.setNoticeRules)
	on(a, op("GET", "/notice-samples", "notice-samples", "One message of each event, as it would be sent"), a.noticeSamples)
}
