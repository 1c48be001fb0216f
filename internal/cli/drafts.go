package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hansei/client"
)

// draftRetro drafts for incidents that are named, or for all of a period.
func (p *program) draftRetro() *cobra.Command {
	var q client.DraftQuery
	var dry bool
	cmd := &cobra.Command{Use: "draft [INCIDENT…]", Short: "Draft the retrospectives of incidents, or of a whole period of history",
		Long: "Draft the retrospectives of incidents that are named, or bring their timelines up to date; or,\n" +
			"with --since and --until, draft one for every incident of that period that needs one and has\n" +
			"none. --dry-run says what would happen. The server goes on by itself when this command ends.",
		Example: "  hansei retro draft pd:Q1\n  hansei retro draft --since 2026-01-01 --until 2026-04-01 --dry-run\n  hansei retro draft --since 2026-01-01 --until 2026-04-01 --severity sev1,sev2"}
	cmd.Flags().StringVar(&q.Since, "since", "", "for incidents that began on this day or later")
	cmd.Flags().StringVar(&q.Until, "until", "", "and before this one (now when empty)")
	cmd.Flags().StringSliceVar(&q.Severity, "severity", nil, "of these severities; those that need a retrospective by the rules when empty")
	cmd.Flags().StringVar(&q.Service, "service", "", "of the service with this id")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would happen")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		period := cmd.Flags().Changed("since")
		switch {
		case period == (len(args) > 0):
			return errors.New("name incidents, or a period with --since and --until")
		case !period && (cmd.Flags().NFlag() > 0 && (dry || q.Until != "" || len(q.Severity) > 0 || q.Service != "")):
			return errors.New("--until, --severity, --service and --dry-run go with --since")
		}
		return nil
	}
	cmd.RunE = p.asking(func(ctx context.Context, c *client.Client, args []string) error {
		if len(args) > 0 {
			return p.draftRetros(ctx, c, args)
		}
		if q.Until == "" {
			q.Until = time.Now().UTC().Format(time.RFC3339)
		}
		if dry {
			return p.planDrafts(ctx, c, q)
		}
		return p.draftPeriod(ctx, c, q)
	})
	return cmd
}

// reasons are why an incident gets no draft, in words.
var reasons = map[string]string{"has_one": "with a retrospective", "not_required": "marked not required", "removed": "whose retrospective a person removed",
	"not_real": "drills, tests, near misses or planned work", "not_resolved": "not resolved, or canceled", "not_needed": "milder than the rules ask for, or without a severity", "gone": "not there any more", "failed": "failed"}

func (p *program) planDrafts(ctx context.Context, c *client.Client, q client.DraftQuery) error {
	text, err := c.PlanDrafts(ctx, q)
	if err != nil {
		return err
	}
	if p.format != asTable {
		return p.pairs(text)
	}
	var plan struct {
		Incidents, Drafts int
		BySeverity        []struct {
			Severity string
			N        int
		} `json:"by_severity"`
		Left []struct {
			Reason string
			N      int
		}
		TooMany bool `json:"too_many"`
	}
	if err := json.Unmarshal(text, &plan); err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%d of %d incidents would get a draft", plan.Drafts, plan.Incidents)}
	for _, s := range plan.BySeverity {
		lines = append(lines, fmt.Sprintf("  %6d  %s", s.N, s.Severity))
	}
	if len(plan.Left) > 0 {
		lines = append(lines, "left out:")
	}
	for _, l := range plan.Left {
		lines = append(lines, fmt.Sprintf("  %6d  %s", l.N, reasons[l.Reason]))
	}
	if plan.TooMany {
		lines = append(lines, "That is more than one batch drafts; choose a shorter period, or fewer severities.")
	}
	_, err = fmt.Fprintln(p.out, strings.Join(lines, "\n"))
	return err
}

// draftPeriod begins a batch and shows how far it is until it ends.
func (p *program) draftPeriod(ctx context.Context, c *client.Client, q client.DraftQuery) error {
	b, err := c.StartDrafts(ctx, q)
	if err != nil {
		return err
	}
	bar := newBar(p.stderr, "drafting")
	defer bar.clear()
	for began := time.Now(); err == nil && b.State == client.Running; b, err = c.Drafts(ctx, b.ID) {
		share := float64(b.Done) / float64(max(1, b.Total))
		bar.draw(share, fmt.Sprintf("%s of %s%s", count(int64(b.Done)), count(int64(b.Total)), left(share, time.Since(began))))
		if err := wait(ctx, pollEvery); err != nil {
			return fmt.Errorf("%w; the server goes on with batch %s", err, b.ID)
		}
	}
	if err != nil {
		return err
	}
	bar.clear()
	for _, l := range b.Left {
		p.say("%s: no draft: %s", l.Incident, strings.TrimSpace(reasonText(l)))
	}
	p.say("%d of %d drafted; read them on the page /retrospectives?batch=%s", b.Drafted, b.Total, b.ID)
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if err := p.pairs(text); err != nil {
		return err
	}
	if b.State != client.Done {
		return fmt.Errorf("the batch is %s. %s", b.State, b.Problem)
	}
	return nil
}

func reasonText(l client.DraftLeft) string {
	if l.Text != "" {
		return l.Text
	}
	return map[string]string{"has_one": "it has a retrospective meanwhile", "removed": "its retrospective was removed", "gone": "it is not there any more"}[l.Reason]
}

// draftBatch shows a batch of drafts, or changes what becomes of it.
func (p *program) draftBatch() *cobra.Command {
	var stop, resume, remove, restore bool
	cmd := &cobra.Command{Use: "drafts BATCH", Short: "How far a batch of drafts is; stop it, have it go on, take its drafts back", Args: cobra.ExactArgs(1), RunE: p.asking(
		func(ctx context.Context, c *client.Client, args []string) error {
			var turned client.Turned
			var err error
			switch id := args[0]; {
			case stop:
				_, err = c.StopDrafts(ctx, id)
			case resume:
				_, err = c.ResumeDrafts(ctx, id)
			case remove:
				if turned, err = c.RemoveDrafts(ctx, id); err == nil {
					p.say("%d drafts were taken back; %d stay, because somebody has worked on them", turned.N, turned.Stay)
				}
			case restore:
				if turned, err = c.RestoreDrafts(ctx, id); err == nil {
					p.say("%d drafts are back", turned.N)
				}
			}
			if err != nil {
				return err
			}
			b, err := c.Drafts(ctx, args[0])
			if err != nil {
				return err
			}
			text, err := json.Marshal(b)
			if err != nil {
				return err
			}
			return p.pairs(text)
		})}
	cmd.Flags().BoolVar(&stop, "stop", false, "stop it; what is drafted stays")
	cmd.Flags().BoolVar(&resume, "resume", false, "have it go on that was stopped, or that failed")
	cmd.Flags().BoolVar(&remove, "remove", false, "take back the drafts that nobody has touched since")
	cmd.Flags().BoolVar(&restore, "restore", false, "put back what was taken back")
	cmd.MarkFlagsMutuallyExclusive("stop", "resume", "remove", "restore")
	return cmd
}
