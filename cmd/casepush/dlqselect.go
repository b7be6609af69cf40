package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/push"
)

// selection says which dead letters a command is about.
type selection struct {
	filter                       ops.DeadLetterFilter
	reason, stage, since, before string
	all                          bool
	ids                          []uint64
}

func (s *selection) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.filter.Connector, "connector", "", "only those of the connector with this `id`")
	f.StringVar(&s.filter.Case, "case", "", "only those of the case with this `id`")
	f.StringVar(&s.filter.Space, "space-id", "", "only those of this Kibana `space`")
	f.StringVar(&s.reason, "reason", "", "only those with this `reason`")
	f.StringVar(&s.stage, "stage", "", "only those that ended at this `stage` of the push")
	f.StringVar(&s.since, "since", "", "only those last tried at this `time` or later: RFC 3339, or how long ago, such as 2h or 3d")
	f.StringVar(&s.before, "before", "", "only those last tried before this `time`, in the same forms")
	for name, words := range map[string][]string{"reason": reasons(), "stage": stages()} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

func (s *selection) addAll(cmd *cobra.Command) {
	s.add(cmd)
	cmd.Flags().BoolVar(&s.all, "all", false, "all of them")
}

func reasons() []string {
	var list []string
	for _, r := range push.Reasons() {
		list = append(list, string(r))
	}
	return list
}

func stages() []string {
	var list []string
	for _, s := range []push.Stage{
		push.StageDecode, push.StageRoute, push.StageConnector, push.StageCase, push.StageMapping, push.StageAdopt,
		push.StageSettle, push.StageRead, push.StageCreate, push.StageUpdate, push.StageComment, push.StageClose,
	} {
		list = append(list, string(s))
	}
	return list
}

// check reads the ids and what the flags say.
func (s *selection) check(args []string, now time.Time) error {
	s.filter.Reason, s.filter.Stage = push.Reason(s.reason), push.Stage(s.stage)
	switch {
	case s.reason != "" && !slices.Contains(reasons(), s.reason):
		return usage("--reason %q: there are %q", s.reason, reasons())
	case s.stage != "" && !slices.Contains(stages(), s.stage):
		return usage("--stage %q: there are %q", s.stage, stages())
	}
	for _, t := range []struct {
		flag, text string
		into       *time.Time
	}{{"since", s.since, &s.filter.Since}, {"before", s.before, &s.filter.Before}} {
		if err := readWhen(t.flag, t.text, now, t.into); err != nil {
			return err
		}
	}
	if !s.filter.Before.IsZero() && !s.filter.Since.Before(s.filter.Before) {
		return usage("--since %s is not before --before %s", timeText(s.filter.Since), timeText(s.filter.Before))
	}
	for _, arg := range args {
		id, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || id == 0 {
			return usage("%q is no id of a dead letter: casepush dlq ls shows them", arg)
		}
		if !slices.Contains(s.ids, id) {
			s.ids = append(s.ids, id)
		}
	}
	return nil
}

// readWhen reads a flag that is a time; "" leaves it as it is.
func readWhen(flag, text string, now time.Time, into *time.Time) error {
	if text == "" {
		return nil
	}
	at, ok := parseWhen(text, now)
	if !ok {
		return usage("--%s %q: want a time such as 2026-11-23T10:00:00Z, or how long ago, such as 90m, 2h or 3d", flag, text)
	}
	*into = at
	return nil
}

// checkSome also wants something to be selected.
func (s *selection) checkSome(args []string, now time.Time) error {
	if err := s.check(args, now); err != nil {
		return err
	}
	filtered := s.all || s.filter != ops.DeadLetterFilter{}
	switch {
	case len(s.ids) == 0 && !filtered:
		return usage("which? Name ids, or --all, --connector, --reason, --stage, --case, --space-id, --since or --before")
	case len(s.ids) > 0 && filtered:
		return usage("name ids, or select by flags, not both")
	}
	return nil
}

// find gives the ids of what is selected.
func (s *selection) find(ctx context.Context, o operator) ([]uint64, error) {
	if len(s.ids) > 0 {
		return s.ids, nil
	}
	return o.DeadLetterIDs(ctx, s.filter)
}
