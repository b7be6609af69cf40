package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/ops"
)

// doctorFlags are those of all sections.
type doctorFlags struct {
	format   string
	monitors []string
}

// doctorSection looks at one thing that the configuration names. Its error is
// why it could not look; what it found before is told all the same.
type doctorSection func(context.Context, *config.Config, *doctorFlags) ([]ops.Finding, error)

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at what the configuration names, and tell what it can promise",
		Long: `Look at what the configuration names, live, and tell in plain words what it can promise and what is to be done.
It only reads. So far it looks at NATS.

Each finding has a code that stays, and a severity: ok; advice (could be better, promises hold); warning (a
promise may not hold); problem (it does not work). Exit codes: 0 nothing worse than advice, 6 warnings, 1 a
problem, 4 or 5 NATS is out of reach or refuses.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("unknown command %q for %q", args[0], cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), &f, a.doctorNATS) },
	}
	a.configFlag(cmd.PersistentFlags())
	cmd.PersistentFlags().StringVarP(&f.format, "output", "o", "", "`format`: text or json (default text)")
	monitorFlag(cmd, &f)
	cmd.AddCommand(a.doctorNATSCommand(&f))
	return cmd
}

func (a *app) doctorNATSCommand(f *doctorFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "nats", Short: "Look at NATS: server, account, streams, and when it writes to disk",
		Long: `Look at NATS: version, JetStream, limits of the account, the servers of the cluster, each of casepush's streams,
message schedules, and when what was acknowledged is on the disk.

The last of these a server tells no client, but on its monitoring endpoint alone: name those of all servers with
--monitor. The embedded server always writes before it answers.`,
		Example: "  casepush doctor nats --monitor http://127.0.0.1:8222",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), f, a.doctorNATS) },
	}
	monitorFlag(cmd, f)
	return cmd
}

func monitorFlag(cmd *cobra.Command, f *doctorFlags) {
	cmd.Flags().StringArrayVar(&f.monitors, "monitor", nil, "`address` of a NATS server's monitoring endpoint, http://HOST:8222; may be repeated")
}

// doctor prints what the sections find. Where one could not look, the others do.
func (a *app) doctor(ctx context.Context, f *doctorFlags, sections ...doctorSection) error {
	if err := checkShowFormat(f.format); err != nil {
		return err
	}
	for _, m := range f.monitors {
		if !isWeb(m) {
			return usage("--monitor %q: want an address such as http://127.0.0.1:8222", m)
		}
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	findings := []ops.Finding{}
	var failed error
	for _, section := range sections {
		found, err := section(ctx, cfg, f)
		findings = append(findings, found...)
		failed = errors.Join(failed, err)
	}
	if err := a.printFindings(findings, f.format); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return judgeFindings(findings)
}

// printFindings writes one finding a line, what to do below it.
func (a *app) printFindings(findings []ops.Finding, format string) error {
	if format == formatJSON {
		return a.printJSON(struct {
			Worst    ops.Severity  `json:"worst"`
			Findings []ops.Finding `json:"findings"`
		}{ops.Worst(findings), findings})
	}
	for _, f := range findings {
		if f.Subject != "" {
			f.Text = f.Subject + ": " + f.Text
		}
		if _, err := fmt.Fprintf(a.out, "%-8s %s  %s\n", f.Severity, f.Code, printable(f.Text)); err != nil {
			return err
		}
		if f.Fix != "" {
			if _, err := fmt.Fprintf(a.out, "%-18s→ %s\n", "", printable(f.Fix)); err != nil {
				return err
			}
		}
	}
	return nil
}

func judgeFindings(findings []ops.Finding) error {
	count := map[ops.Severity]int{}
	for _, f := range findings {
		count[f.Severity]++
	}
	switch {
	case count[ops.SeverityProblem] > 0:
		return fail(exitFailed, fmt.Errorf("%d problems, %d warnings", count[ops.SeverityProblem], count[ops.SeverityWarning]), "")
	case count[ops.SeverityWarning] > 0:
		return fail(exitPartly, fmt.Errorf("%d warnings", count[ops.SeverityWarning]), "")
	}
	return nil
}
