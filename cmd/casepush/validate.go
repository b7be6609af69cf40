package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/config"
)

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check a configuration file, without any network",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("validate takes one file, got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			path := a.configPath
			if len(args) == 1 {
				path = args[0]
			}
			if path == "" {
				return usage("validate: which file? Name it: casepush validate FILE")
			}
			return a.validate(path)
		},
	}
	a.configFlag(cmd.Flags())
	return cmd
}

// validate prints the problems as its result, so that they can be piped.
func (a *app) validate(path string) error {
	cfg, problems := config.Load(path, config.Options{Types: adapters.Types(), Environ: a.environ, ReadFile: os.ReadFile})
	for _, p := range problems {
		fmt.Fprintln(a.out, p)
	}
	if problems.HasErrors() {
		return fail(exitConfig, errors.New("not valid"), "")
	}
	fmt.Fprintf(a.out, "%s: valid: %d connectors, %d configurations, %d warnings\n", path, len(cfg.Connectors), len(cfg.Configurations), len(problems))
	return nil
}
