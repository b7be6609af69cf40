package jira

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readmeRows are the rows of the tables below a heading: the names in
// backquotes of the first column, each with the row's other cells.
func readmeRows(t *testing.T, heading string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	rows := map[string][]string{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		for _, name := range regexp.MustCompile("`[^`]+`").FindAllString(cells[0], -1) {
			rows[strings.Trim(name, "`")] = cells[1:]
		}
	}
	return rows
}

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	sorted := func(prefix string, keys []string) []string {
		var out []string
		for _, k := range keys {
			out = append(out, prefix+k)
		}
		slices.Sort(out)
		return out
	}
	want := slices.Concat(sorted("config.", configKeys), sorted("secrets.", secretKeys))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(readmeRows(t, "Configuration")))); diff != "" {
		t.Errorf("configuration (-code +README.md):\n%s", diff)
	}
	if diff := cmp.Diff(sorted("", deliveryKeys), slices.Sorted(maps.Keys(readmeRows(t, "Delivery")))); diff != "" {
		t.Errorf("delivery (-code +README.md):\n%s", diff)
	}
}

// asWritten is a duration as people write it: 2m, where Go says 2m0s.
func asWritten(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return strings.TrimSuffix(d.String(), "0s")
	}
	return d.String()
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	onCloud, _ := parse(valid(nil, nil, nil))
	onDataCenter, _ := parse(valid(map[string]any{"apiUrl": "https://jira.hms.example/jira"}, nil, nil))
	if onDataCenter.browseURL != onDataCenter.apiURL || onDataCenter.deployment != dataCenter || onCloud.deployment != cloud {
		t.Errorf("defaults of browse_url and deployment: %q, %q, %q", onDataCenter.browseURL, onDataCenter.deployment, onCloud.deployment)
	}
	if onCloud.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", onCloud.maxInFlight)
	}
	if onCloud.duplicateTransition != "" {
		t.Errorf("duplicate_transition: %q, want none", onCloud.duplicateTransition)
	}
	want := map[string]string{
		"deployment":           "guessed",
		"browse_url":           "`config.apiUrl`",
		"duplicate_transition": "none",
		"find_delay":           fmt.Sprintf("`%s` Cloud, `%s` Data Center", asWritten(onCloud.findDelay), asWritten(onDataCenter.findDelay)),
		"settle_time":          fmt.Sprintf("`%s`", asWritten(onCloud.settleTime)),
		"max_in_flight":        "16",
		"max_text":             fmt.Sprint(onCloud.maxText),
		"internal_comments":    fmt.Sprintf("`%t`", onCloud.internalComments),
	}
	got := map[string]string{}
	for key, cells := range readmeRows(t, "Delivery") {
		got[key] = cells[0]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +README.md):\n%s", diff)
	}
}
