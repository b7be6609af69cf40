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
const lastRound = time.Minute

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
	return rows("program\tpushes/s\tfrom to\t/naive\t/ideal\t/bare\tCPU s/1,000\tits own\tCPU/ideal\tpeak MiB\tconns/push\trequests/push\tp50\tp99\t", func(w *tabwriter.Writer) {
		for _, c := range columns {
			fmt.Fprintf(w, "%s\t%.0f\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t%s\t%.0f\t%.3f\t%.2f\t%s\t%s\t\n", c.setup.name(),
				c.median(figures.rate), c.span(figures.rate),
				against(columns, c, naive, figures.rate), against(columns, c, ideal, figures.rate), against(columns, c, bare, figures.rate),
				c.median(figures.cpuPer1000), c.median(figures.ownCPUPer1000), against(columns, c, ideal, figures.cpuPer1000),
				c.median(func(f figures) float64 { return f.peakMB }), c.median(figures.connsPerPush), c.median(figures.requestsPerPush),
				c.delay(0.5), c.delay(0.99))
		}
	})
}

// rows aligns lines.
func rows(head string, write func(*tabwriter.Writer)) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, head)
	write(w)
	_ = w.Flush() // into memory
	return text.String()
}

func (c column) values(of func(figures) float64) []float64 {
	values := make([]float64, len(c.runs))
	for i, r := range c.runs {
		values[i] = of(r)
	}
	return values
}

func (c column) median(of func(figures) float64) float64 { return median(c.values(of)) }

// span is the least and the greatest value: how noisy the machine was.
func (c column) span(of func(figures) float64) string {
	v := c.values(of)
	return fmt.Sprintf("%.0f-%.0f", slices.Min(v), slices.Max(v))
}

func (c column) delay(q float64) string {
	d := c.median(func(f figures) float64 { return float64(f.quantile(q)) })
	if d == 0 {
		return "-"
	}
	return time.Duration(d).Round(10 * time.Microsecond).String()
}

// against is the ratio to another program of the same kind of server.
func against(columns []column, c column, program string, of func(figures) float64) string {
	for _, other := range columns {
		o := other.setup
		if o.program != program || o.sync != (c.setup.sync || c.setup.embedded) || o.flight != 0 {
			continue
		}
		ratios := make([]float64, len(c.runs))
		for i := range c.runs {
			ratios[i] = of(c.runs[i]) / of(other.runs[i])
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
