package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/stream"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1 // also a NATS server that is not fit
	exitUsage       = 2
	exitConfig      = 3 // configuration invalid
	exitUnreachable = 4 // NATS or Kibana out of reach
	exitRefused     = 5 // tracker or credentials refused
	exitPartly      = 6 // some failed
	exitUncertain   = 7 // a person must decide
)

// app is one run of the program. stdout is the result, stderr is the talk.
type app struct {
	environ    []string
	in         io.Reader
	out, err   io.Writer
	configPath string
	logLevel   string
}

// exitError is an error with the code that the process ends with.
type exitError struct {
	code int
	err  error
	hint string // what to do about it; may be ""
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// errSilent ends the program with a code; everything was said already.
var errSilent = errors.New("")

func fail(code int, err error, hint string) error { return &exitError{code, err, hint} }

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...), ""}
}

// exit prints an error and returns its code.
func (a *app) exit(err error) int {
	if err == nil {
		return exitDone
	}
	code := exitFailed
	var e *exitError
	switch {
	case errors.As(err, &e):
		code = e.code
	case errors.Is(err, stream.ErrUnreachable):
		code = exitUnreachable
	case errors.Is(err, stream.ErrRefused):
		code = exitRefused
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(a.err, "casepush:", err)
		if e != nil && e.hint != "" {
			fmt.Fprintln(a.err, "hint:", e.hint)
		}
	}
	return code
}

// env is the value of an environment variable, "" if it is not set.
func (a *app) env(name string) string {
	for _, kv := range a.environ {
		if k, v, _ := strings.Cut(kv, "="); k == name {
			return v
		}
	}
	return ""
}

func (a *app) run(ctx context.Context, args []string) error {
	root := &cobra.Command{
		Use:           "casepush",
		Short:         "Push Kibana cases to external trackers: exactly once, in order, never lost.",
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fail(exitUsage, err, fmt.Sprintf("see %s --help", cmd.CommandPath()))
	})
	a.flagsBeforeVerb(root.Flags())
	root.AddCommand(a.commands()...)
	err := root.ExecuteContext(ctx)
	if err != nil && strings.HasPrefix(err.Error(), "unknown command") {
		return fail(exitUsage, err, "see casepush --help")
	}
	return err
}

func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.runCommand(), a.demoCommand(), a.pushCommand(), a.planCommand(), a.dlqCommand(), a.replayCommand(), a.incidentsCommand(), a.resolveCommand(),
		a.connectorsCommand(),
		a.linkCommand(), a.ledgerCommand(), a.doctorCommand(),
		a.validateCommand(), a.fakesCommand(), a.versionCommand(),
	}
}

// noArgs refuses arguments with our exit code.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// load reads the configuration and tells every problem of it.
func (a *app) load() (*config.Config, error) {
	cfg, problems := config.Load(a.configPath, config.Options{Types: adapters.Types(), Environ: a.environ, ReadFile: os.ReadFile})
	for _, p := range problems {
		fmt.Fprintln(a.err, p)
	}
	if problems.HasErrors() {
		return nil, fail(exitConfig, errors.New("the configuration is not valid"), "casepush validate FILE checks it without starting anything")
	}
	return cfg, nil
}
