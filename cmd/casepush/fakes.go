package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/fakes"
)

func (a *app) fakesCommand() *cobra.Command {
	var listen string
	var faults []string
	var searchDelay time.Duration
	cmd := &cobra.Command{
		Use:   "fakes",
		Short: "Run a fake Kibana and fake trackers, for integration tests",
		Long: `Run a fake Kibana and fake trackers on one port until interrupted. They take any
credentials, keep everything in memory, and fail on purpose when told to:

  /<fake>/__faults    set rules: delay, status, drop the answer after acting, reset …
  /<fake>/__requests  what was asked
  /<fake>/__state     what is there`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts := fakes.ServerOptions{Listen: listen, Faults: map[string][]fakes.Rule{}, Fakes: map[string]fakes.Fake{
				"kibana":     fakes.NewKibana(fakes.KibanaOptions{}),
				"jira-cloud": fakes.NewJira(fakes.JiraOptions{Flavour: fakes.Cloud, SearchDelay: searchDelay}),
				"jira-dc":    fakes.NewJira(fakes.JiraOptions{Flavour: fakes.DataCenter, SearchDelay: searchDelay}),
			}}
			for _, f := range faults {
				if err := addFaults(opts.Faults, f); err != nil {
					return err
				}
			}
			return fakes.Serve(cmd.Context(), opts, func(urls map[string]string) {
				for _, name := range slices.Sorted(maps.Keys(urls)) {
					fmt.Fprintf(a.out, "%-11s %s\n", name, urls[name])
				}
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8790", "`address` to listen on")
	cmd.Flags().StringArrayVar(&faults, "faults", nil, "initial rules, `fake=file.json`; may be repeated")
	cmd.Flags().DurationVar(&searchDelay, "search-delay", 0, "for how long a new issue is invisible to searches")
	return cmd
}

// addFaults reads fake=file.
func addFaults(into map[string][]fakes.Rule, flag string) error {
	name, path, err := cutFlag(flag)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return usage("--faults: %v", err)
	}
	rules, err := fakes.DecodeRules(b)
	if err != nil {
		return usage("--faults %s: %v", path, err)
	}
	into[name] = append(into[name], rules...)
	return nil
}
