package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ops"
)

// defaultRate is in jobs a second: a long replay leaves room for new events on
// the same queues.
const defaultRate = 50

// replayFlags say which events are sent again and how.
type replayFlags struct {
	filter          ops.ReplayFilter
	since, until    string
	rate            float64 // jobs a second
	plan, yes, wait bool
	timeout         time.Duration
	format          string
	again           []string // words of a resumed replay beside its filter
}

func (f *replayFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "events from this `time` on: RFC 3339, or how long ago, such as 2h or 3d")
	flags.StringVar(&f.until, "until", "", "events up to this `time`, in the same forms (default now)")
	flags.Uint64Var(&f.filter.FromSeq, "from-seq", 0, "events from this `sequence` on; 1 is all there are")
	flags.Uint64Var(&f.filter.ToSeq, "to-seq", 0, "events up to this `sequence`")
	flags.StringVar(&f.filter.Case, "case", "", "only events of the case with this `id`")
	flags.StringVar(&f.filter.Space, "space-id", "", "only events of this Kibana `space`")
	flags.StringVar(&f.filter.Connector, "connector", "", "only events that go to the connector with this `id`")
	flags.StringVar(&f.filter.To, "to", "", "push the cases to the connector with this `id`, wherever their events go")
	flags.BoolVar(&f.plan, "plan", false, "only show the requests that would be sent, as casepush plan does")
	flags.BoolVar(&f.yes, "yes", false, "do it without asking")
	flags.Float64Var(&f.rate, "rate", defaultRate, "at most this many `jobs` a second are queued; 0 is no limit")
	flags.BoolVar(&f.wait, "wait", false, "wait for the outcomes and count them")
	flags.DurationVar(&f.timeout, "timeout", defaultWait, "with --wait: give up when there is no further outcome for this long")
	flags.StringVarP(&f.format, "output", "o", "", "`format`: table, tsv, csv or json (default: table on a terminal, else tsv); with --plan text or json")
}

// check reads times and refuses what does not go together.
func (f *replayFlags) check(cmd *cobra.Command, now time.Time) error {
	set := cmd.Flags().Changed
	switch {
	case !set("since") && !set("from-seq") && f.filter.Case == "":
		return usage("which events? Say --since TIME, --from-seq N (1 is all there are) or --case ID")
	case set("since") && set("from-seq"), set("until") && set("to-seq"):
		return usage("bound the events by times or by sequences: --since or --from-seq, --until or --to-seq")
	case set("from-seq") && f.filter.FromSeq == 0, set("to-seq") && f.filter.ToSeq == 0:
		return usage("sequences begin at 1")
	case set("to-seq") && f.filter.FromSeq > f.filter.ToSeq:
		return usage("--from-seq %d is beyond --to-seq %d", f.filter.FromSeq, f.filter.ToSeq)
	case f.rate < 0 || math.IsNaN(f.rate) || math.IsInf(f.rate, 0):
		return usage("--rate %v: want a number of jobs a second, or 0 for no limit", f.rate)
	case f.plan && (f.yes || f.wait || set("rate")):
		return usage("--plan sends nothing: it goes without --yes, --wait and --rate")
	case !f.wait && set("timeout"):
		return usage("--timeout goes with --wait")
	case f.timeout <= 0:
		return usage("--timeout %s: want more than 0", f.timeout)
	}
	if _, err := (event.Event{CaseID: cmp.Or(f.filter.Case, "any"), SpaceID: f.filter.Space}).Encode(); err != nil {
		return fail(exitUsage, err, "")
	}
	for _, name := range []string{"config", "rate", "wait", "timeout"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed {
			f.again = append(f.again, "--"+name+"="+flag.Value.String())
		}
	}
	return f.checkTimes(now)
}

func (f *replayFlags) checkTimes(now time.Time) error {
	if err := errors.Join(readWhen("since", f.since, now, &f.filter.Since), readWhen("until", f.until, now, &f.filter.Until)); err != nil {
		return err
	}
	if since, until := f.filter.Since, f.filter.Until; !until.IsZero() && since.After(until) {
		return usage("--since %s is after --until %s", timeText(since), timeText(until))
	}
	return f.checkFormat()
}

func (f *replayFlags) checkFormat() error {
	formats := []string{formatTable, formatTabs, formatCSV, formatJSON}
	if f.plan {
		formats = []string{"text", formatJSON}
	}
	if f.format != "" && !slices.Contains(formats, f.format) {
		return usage("-o %q: want %s or %s", f.format, strings.Join(formats[:len(formats)-1], ", "), formats[len(formats)-1])
	}
	return nil
}

// checkConnectors refuses an id that no connector has. What went to a connector
// that is gone can still be sent to another one.
func (f *replayFlags) checkConnectors(ctx context.Context, o operator) error {
	flag, id := "to", f.filter.To
	if id == "" {
		flag, id = "connector", f.filter.Connector
	}
	if id == "" {
		return nil
	}
	err := o.CheckConnector(ctx, id)
	if err == nil {
		return nil
	}
	var there []string
	for _, c := range o.config.Connectors {
		there = append(there, strconv.Quote(c.ID))
	}
	slices.Sort(there)
	return fail(exitUsage, fmt.Errorf("--%s %q: %w", flag, id, err), "there are "+cmp.Or(strings.Join(there, ", "), "none"))
}

var agePattern = regexp.MustCompile(`^(?:(\d{1,4})w)?(?:(\d{1,5})d)?(.*)$`)

// parseWhen reads a time, or how long before now it was: weeks, days and the
// units of Go's durations.
func parseWhen(text string, now time.Time) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	m := agePattern.FindStringSubmatch(text)
	if m == nil || text == "" || text[0] == '-' || text[0] == '+' {
		return time.Time{}, false
	}
	weeks, _ := strconv.Atoi(m[1]) // digits or nothing
	days, _ := strconv.Atoi(m[2])
	rest := time.Duration(0)
	if m[3] != "" {
		var err error
		if rest, err = time.ParseDuration(m[3]); err != nil || rest < 0 {
			return time.Time{}, false
		}
	}
	return now.UTC().Add(-rest).AddDate(0, 0, -7*weeks-days), true
}
