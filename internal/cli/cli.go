// Package cli is the command line: one file per command. A command reads its
// flags, asks the HTTP API through package client, and prints the answer as a
// table for people or as JSON, CSV or YAML for programs.
//
// It computes nothing and opens no database. Which server answers is decided
// in one place (connect.go): the one named by --server, else the one that
// holds the data directory, else one started inside the process for the length
// of the command. So a figure on a terminal is the figure on the page.
//
// The exit code is 0 when all went well, 1 when it did not, and 2 when the
// command was not understood. What went wrong is one line on standard error.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hansei/client"
	"hansei/internal/app"
)

// program is one run of the command line.
type program struct {
	in     io.Reader
	out    *bufio.Writer // standard output
	stderr io.Writer

	config, dir, server, token, format string
	database, keyFile, url             string
	smtp, mailFrom                     string
	allow                              []string // private addresses
	alone                              bool     // no server runs; this command opened the directory for itself
}

// place is where the data is, for a server of this process.
func (p *program) place(listen string, level slog.Level) (app.Config, error) {
	c := app.Config{Dir: p.dir, Database: p.database, KeyFile: p.keyFile, URL: p.url, SMTP: p.smtp, MailFrom: p.mailFrom, Listen: listen, Log: p.log(level)}
	if c.URL == "" && listen == "" {
		c.URL = "http://" + listenAt
	}
	for _, s := range p.allow {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			ip, ipErr := netip.ParseAddr(s)
			if ipErr != nil {
				return c, fmt.Errorf("--allow-private %q: expected an address or a network such as 10.1.0.0/16", s)
			}
			prefix = netip.PrefixFrom(ip, ip.BitLen())
		}
		c.Allow = append(c.Allow, prefix)
	}
	return c, nil
}

// The formats of -o.
const (
	asTable = "table"
	asJSON  = "json"
	asCSV   = "csv"
	asYAML  = "yaml"
)

// Main runs the command line and returns its exit code. It ends early, in an
// orderly way, when ctx does.
func Main(ctx context.Context, args []string, in io.Reader, out, stderr io.Writer) int {
	p := &program{in: in, out: bufio.NewWriterSize(out, 64<<10), stderr: stderr}
	root := p.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if flushErr := p.out.Flush(); err == nil && flushErr != nil {
		err = failed{flushErr}
	}
	if err == nil {
		return 0
	}
	var f failed
	if errors.As(err, &f) {
		if ctx.Err() != nil {
			f.error = errors.New("interrupted")
		}
		p.say("hansei: %s", line(f.error))
		return 1
	}
	p.say("hansei: %s; see %s --help", line(err), cmd.CommandPath())
	return 2
}

// failed marks what went wrong while a command ran. Every other error is about
// how the command was written.
type failed struct{ error }

func (f failed) Unwrap() error { return f.error }

// line makes one line of an error.
func line(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")), " ")
}

// say prints a line for a person beside the output, after what was printed
// before. That the terminal cannot be written to is nobody's to hear.
func (p *program) say(format string, args ...any) {
	_ = p.out.Flush() // the writer keeps its error, and Main reports it
	_, _ = fmt.Fprintf(p.stderr, format+"\n", args...)
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "hansei",
		Short:         "What an organisation learns from its incidents",
		Long:          "Hansei turns incidents into reliability figures that stand up to scrutiny.\n\nStart with: hansei demo",
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.settle(cmd); err != nil {
				return err
			}
			if !slices.Contains([]string{asTable, asJSON, asCSV, asYAML}, p.format) {
				return fmt.Errorf("--output %q: expected table, json, csv or yaml", p.format)
			}
			return nil
		},
	}
	root.SetOut(p.out)
	root.SetErr(p.stderr)
	f := root.PersistentFlags()
	f.StringVar(&p.config, "config", os.Getenv("HANSEI_CONFIG"), "file of settings (YAML): data, listen, output, server, token ($HANSEI_CONFIG)")
	f.StringVar(&p.dir, "data", app.DefaultDir(), "data directory ($HANSEI_DATA)")
	f.StringVar(&p.database, "database", "", "postgres:// URL to keep the records in, instead of the data directory ($HANSEI_DATABASE)")
	f.StringVar(&p.keyFile, "key-file", "", "file of the key that seals secrets (hansei.key in the data directory; $HANSEI_KEY_FILE)")
	f.StringVar(&p.url, "url", "", "URL under which tools reach this server's webhooks ($HANSEI_URL)")
	f.StringSliceVar(&p.allow, "allow-private", nil, "private addresses or networks that sources may be at, such as 10.1.0.0/16 ($HANSEI_ALLOW_PRIVATE)")
	f.StringVar(&p.smtp, "smtp", "", "smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://… by which e-mail leaves; better said in $HANSEI_SMTP, where nobody sees the password")
	f.StringVar(&p.mailFrom, "mail-from", "", "whom e-mail is from, such as Hansei <hansei@example.org> ($HANSEI_MAIL_FROM)")
	f.StringVar(&p.server, "server", "", "URL of a server to ask instead of the data directory ($HANSEI_SERVER)")
	f.StringVar(&p.token, "token", "", "token for that server ($HANSEI_TOKEN)")
	f.StringVarP(&p.format, "output", "o", asTable, "table, json, csv or yaml ($HANSEI_OUTPUT)")
	root.AddCommand(
		p.demo(), p.serve(),
		p.importFiles(), p.imports(),
		p.source(), p.delivery(), p.replay(), p.join(),
		p.retro(), p.model(), p.factor(), p.template(), p.field(), p.followUp(), p.channel(), p.notice(), p.search(), p.similar(), p.judge(), p.judgements(),
		p.figure(), p.explain(), p.metrics(),
		p.get(), p.edit(), p.merge(), p.unmerge(), p.person(),
		p.sql(), p.rebuild(), p.copyAll(), p.organization(), p.version(),
	)
	return root
}

// settle gives the flags that were not set what the environment or the file of
// settings says.
func (p *program) settle(cmd *cobra.Command) error {
	said, err := app.ReadSettings(p.config, os.Environ())
	if err != nil {
		return err
	}
	for name, value := range said {
		f := cmd.Flags().Lookup(name)
		if f == nil || f.Changed {
			continue
		}
		if err := f.Value.Set(value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	return nil
}

// running makes a command's RunE of a function that needs no server.
func running(fn func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := fn(cmd.Context(), args); err != nil {
			return failed{err}
		}
		return nil
	}
}

// asking makes a command's RunE of a function that asks a server.
func (p *program) asking(fn func(ctx context.Context, c *client.Client, args []string) error) func(*cobra.Command, []string) error {
	return running(func(ctx context.Context, args []string) (err error) {
		c, done, err := p.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, done()) }()
		return fn(ctx, c, args)
	})
}
