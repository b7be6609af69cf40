package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeset"
	"github.com/casepush/casepush/internal/secret"
)

func (a *app) fakesCommand() *cobra.Command {
	var f fakesFlags
	cmd := &cobra.Command{
		Use:   "fakes",
		Short: "Run a fake Kibana and fake trackers, for integration tests",
		Long: `Run a fake Kibana and fake trackers on one port until interrupted. They take any
credentials unless told which, keep everything in memory, and fail on purpose when told to:

  /<fake>/__faults    set rules: delay, status, drop the answer after acting, reset …
  /<fake>/__requests  what was asked
  /<fake>/__state     what is there`,
		Example: `  casepush fakes --kibana-version 8.6.0 --search-delay 2s
  casepush fakes --jira-email admin@hms.example --jira-token secret --faults jira-cloud=rules.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := f.options()
			if err != nil {
				return err
			}
			return fakes.Serve(cmd.Context(), opts, func(urls map[string]string) {
				for _, name := range slices.Sorted(maps.Keys(urls)) {
					fmt.Fprintf(a.out, "%-11s %s\n", name, urls[name])
				}
			})
		},
	}
	f.add(cmd)
	return cmd
}

// fakesFlags are the options of the fakes, and credentials as plain text: they
// open nothing but fakes.
type fakesFlags struct {
	listen               string
	faults               []string
	set                  fakeset.Options
	kibanaKey, jiraToken string
	credentials          []string
}

func (f *fakesFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8790", "`address` to listen on")
	flags.StringArrayVar(&f.faults, "faults", nil, "initial rules, `fake=file.json`, or file.json with lists of rules by fake; may be repeated")
	flags.StringVar(&f.set.Kibana.Version, "kibana-version", "", "`version` that Kibana plays, from 7.13.0 on (default 9.1.0)")
	flags.StringVar(&f.kibanaKey, "kibana-api-key", "", "the only API key that Kibana takes, `id:key` or its base64 (default: any credentials)")
	flags.IntVar(&f.set.Kibana.SpuriousConflicts, "spurious-conflicts", 0, "so many first updates of cases in Kibana meet a version `conflict`")
	flags.StringVar(&f.set.Jira.Email, "jira-email", "", "the only `user` that the Jiras take, with --jira-token")
	flags.StringVar(&f.jiraToken, "jira-token", "", "its password, and the only Bearer `token` (default: any credentials)")
	flags.StringArrayVar(&f.credentials, "credentials", nil, "the only credentials that a tracker takes: `fake=user:password`, servicenow, resilient (its key's id and secret) or webhook (both), or swimlane=token; may be repeated")
	flags.DurationVar(&f.set.SearchDelay, "search-delay", 0, "for how long a new incident is invisible to searches")
	flags.IntVar(&f.set.Jira.MaxSummary, "max-summary", 0, "greatest `length` of a summary in UTF-16 units (default 255, 254 on Data Center)")
	flags.IntVar(&f.set.Jira.MaxText, "max-text", 0, "greatest `length` of descriptions and comments in UTF-16 units (default 32767)")
}

func (f *fakesFlags) options() (fakes.ServerOptions, error) {
	if err := f.set.Kibana.Check(); err != nil {
		return fakes.ServerOptions{}, usage("--kibana-version: %v", err)
	}
	for name, n := range map[string]int{"spurious-conflicts": f.set.Kibana.SpuriousConflicts, "max-summary": f.set.Jira.MaxSummary, "max-text": f.set.Jira.MaxText} {
		if n < 0 {
			return fakes.ServerOptions{}, usage("--%s %d: want 0 or more", name, n)
		}
	}
	if f.set.Jira.Email != "" && f.jiraToken == "" {
		return fakes.ServerOptions{}, usage("--jira-email goes with --jira-token")
	}
	set := f.set
	if f.kibanaKey != "" {
		set.Kibana.APIKeys = []secret.String{secret.New(f.kibanaKey)}
	}
	if f.jiraToken != "" {
		set.Jira.PAT = secret.New(f.jiraToken)
	}
	if set.Jira.Email != "" {
		set.Jira.Token = set.Jira.PAT
	}
	for _, flag := range f.credentials {
		if err := addCredentials(&set, flag); err != nil {
			return fakes.ServerOptions{}, err
		}
	}
	opts := fakes.ServerOptions{Listen: f.listen, Fakes: fakeset.New(set), Faults: map[string][]fakes.Rule{}}
	for _, flag := range f.faults {
		if err := addFaults(opts.Faults, flag); err != nil {
			return opts, err
		}
	}
	return opts, nil
}

// addCredentials reads fake=user:password, or swimlane=token.
func addCredentials(set *fakeset.Options, flag string) error {
	fake, given, _ := strings.Cut(flag, "=")
	user, password, both := strings.Cut(given, ":")
	if given == "" || fake != "swimlane" && !both {
		return usage("--credentials %s: want fake=user:password, or swimlane=token", fake)
	}
	switch fake {
	case "servicenow":
		set.ServiceNow.Users = map[string]secret.String{user: secret.New(password)}
	case "resilient":
		set.Resilient.KeyID, set.Resilient.KeySecret = user, secret.New(password)
	case "swimlane":
		set.Swimlane.Token = secret.New(given)
	case "webhook":
		set.Webhook.User, set.Webhook.Password = user, secret.New(password)
	default:
		return usage("--credentials %s: there are servicenow, resilient, swimlane and webhook; Kibana and Jira have flags of their own", fake)
	}
	return nil
}

// addFaults reads fake=file, or a file with rules by fake.
func addFaults(into map[string][]fakes.Rule, flag string) error {
	name, path, one := strings.Cut(flag, "=")
	if !one {
		path = flag
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return usage("--faults: %v", err)
	}
	var rules map[string][]fakes.Rule
	if one {
		rules = map[string][]fakes.Rule{}
		rules[name], err = fakes.DecodeRules(b)
	} else {
		rules, err = fakes.DecodeFaults(b)
	}
	if err != nil {
		return usage("--faults %s: %v", path, err)
	}
	for name, list := range rules {
		into[name] = append(into[name], list...)
	}
	return nil
}
