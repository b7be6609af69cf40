//go:build linux

package bench

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// column is one program's runs, one a round.
type column struct {
	setup setup
	runs  []figures
}

// compare measures the programs in turn, round after round, so that whatever
// else the machine does meets all of them.
func (b *bench) compare(title string, rounds int, measure func(setup) figures, setups ...setup) []column {
	b.Helper()
	columns := make([]column, len(setups))
	for i, s := range setups {
		columns[i].setup = s
	}
	b.rounds(title, rounds, func() {
		for i, s := range setups {
			columns[i].runs = append(columns[i].runs, measure(s))
		}
	})
	b.Logf("%s, medians of %d\n%s", title, len(columns[0].runs), table(columns))
	return columns
}

// lastRound is how long before the test's deadline no round begins any more.
const lastRound = 2 * time.Minute

// rounds calls f so often, unless something is wrong or the time is over.
func (b *bench) rounds(title string, n int, f func()) {
	b.Helper()
	for i := range n {
		if end, ok := b.Deadline(); ok && time.Until(end) < lastRound {
			b.Fatalf("%s: no time for round %d of %d", title, i+1, n)
		}
		if f(); b.Failed() {
			b.FailNow()
		}
	}
}

// table prints medians. A ratio is the median of the rounds' ratios.
func table(columns []column) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "program\tpushes/s\t/naive\t/ideal\t/bare\tCPU s/1,000\tits own\tpeak MiB\tconns/push\trequests/push\tp50\tp99\t")
	for _, c := range columns {
		fmt.Fprintf(w, "%s\t%.0f\t%s\t%s\t%s\t%.2f\t%.2f\t%.0f\t%.3f\t%.2f\t%s\t%s\t\n", c.setup.name(),
			c.median(figures.rate), against(columns, c, naive), against(columns, c, ideal), against(columns, c, bare),
			c.median(figures.cpuPer1000), c.median(func(f figures) float64 { return f.cpu.Seconds() / float64(f.pushes) * 1000 }),
			c.median(func(f figures) float64 { return f.peakMB }), c.median(figures.connsPerPush),
			c.median(func(f figures) float64 { return float64(f.requests) / float64(f.pushes) }),
			c.delay(0.5), c.delay(0.99))
	}
	_ = w.Flush() // into memory
	return text.String()
}

func (c column) median(of func(figures) float64) float64 {
	values := make([]float64, len(c.runs))
	for i, r := range c.runs {
		values[i] = of(r)
	}
	return median(values)
}

func (c column) delay(q float64) string {
	d := c.median(func(f figures) float64 { return float64(f.quantile(q)) })
	if d == 0 {
		return "-"
	}
	return time.Duration(d).Round(10 * time.Microsecond).String()
}

// against is the ratio to another program of the same kind of server.
func against(columns []column, c column, program string) string {
	for _, other := range columns {
		o := other.setup
		if o.program != program || o.sync != (c.setup.sync || c.setup.embedded) || o.flight != 0 {
			continue
		}
		ratios := make([]float64, len(c.runs))
		for i := range c.runs {
			ratios[i] = c.runs[i].rate() / other.runs[i].rate()
		}
		return fmt.Sprintf("%.2f", median(ratios))
	}
	return "-"
}

func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	if n == 0 {
		return 0
	}
	return (v[(n-1)/2] + v[n/2]) / 2
}
