package chaos

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mutant is one mistake in internal/push: each edit is made in file.
type mutant struct {
	name, mistake string
	why           string // chaos must notice it
	file          string
	edits         []edit
}

// edit turns old, which is in the file exactly once, into new.
type edit struct{ old, new string }

func mutants() []mutant {
	return []mutant{
		{
			name: "no settle time", mistake: "what is uncertain is looked up at once",
			why:  "a create or comment that takes effect after the look-up is sent a second time",
			file: "gate.go",
			edits: []edit{
				{"	d := a.caps.SettleTime\n", "	d := a.caps.SettleTime * 0\n"},
				{"d += a.caps.FindDelay", "d += 0"},
			},
		},
		{
			name: "no intent", mistake: "what is about to be sent is recorded only afterwards",
			why:  "who comes after a worker that was killed behind its create knows nothing of it, and creates again",
			file: "apply.go",
			edits: []edit{{
				"	e.Want = a.promise()\n	return a.hold(ctx, e)\n",
				"	e.Want = a.promise()\n	plan := e.Plan\n	e.Plan = nil\n	err := a.hold(ctx, e)\n	a.entry.Plan = plan\n	return err\n",
			}},
		},
		{
			name: "ack under another's claim", mistake: "another worker is on it, so the job is acknowledged",
			why:  "the other worker is dead, and with the job its events are lost",
			file: "gate.go",
			edits: []edit{{
				"Verdict{Action: HandBack, Delay: min(rest, maxDelay), Note: \"claimed by another worker\"}",
				"Verdict{Action: Done, Note: \"claimed by another worker\"}",
			}},
		},
	}
}

func (m mutant) source() string { return filepath.Join("..", "push", m.file) }

// apply returns the file with the mistake in it.
func (m mutant) apply() (string, error) {
	b, err := os.ReadFile(m.source())
	if err != nil {
		return "", err
	}
	text := string(b)
	for _, e := range m.edits {
		if n := strings.Count(text, e.old); n != 1 || e.old == e.new {
			return "", fmt.Errorf("%s: %d places to change, want 1:\n%s", m.file, n, e.old)
		}
		text = strings.Replace(text, e.old, e.new, 1)
	}
	return text, nil
}

// overlay writes what go reads in place of the original, which stays as it is.
func (m mutant) overlay(t *testing.T) string {
	t.Helper()
	text, err := m.apply()
	if err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(m.source())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed, path := filepath.Join(dir, m.file), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{changed: text, path: string(replace)} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestMutantsFit checks that each change fits the source: one that does not
// tests nothing.
func TestMutantsFit(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		if _, err := m.apply(); err != nil {
			t.Errorf("mutant %q is stale: %v", m.name, err)
		}
	}
}

// mutantSize has more of what the mistakes are about than the others: kills,
// and requests that are late by most of a long settle time.
func mutantSize() size {
	return size{
		cases: 100, live: 25 * time.Second, rest: 3 * time.Minute,
		havoc: plan{
			life:  span{time.Second, 3 * time.Second},
			down:  span{0, time.Second},
			pause: span{lease + 500*time.Millisecond, lease + 2*time.Second},
		},
		rates: rates{late: 0.05, lateBy: mutantSettle - 2*time.Second, lost: 0.05, limited: 0.005, refused: 0.01},
	}
}

// mutantSettle is how long a request may take effect after its sender has given
// it up. Wake-ups come two or three seconds late by themselves, so that without
// a settle time look-ups come after about as long: what is late must be later.
const mutantSettle = 8 * time.Second

// TestChaosNoticesMutants is `make chaosmutants`. Without a mistake the same
// chaos finds nothing, so that what it finds is the mistake.
func TestChaosNoticesMutants(t *testing.T) {
	if os.Getenv(sizeVariable) != mutated {
		t.Skip("make chaosmutants runs this: a minute and a half for each mutant")
	}
	seed := chosenSeed(t, seedVariable)
	t.Logf("seed %d (%s=%d repeats the choices)", seed, seedVariable, seed)
	run := func(t *testing.T, overlay string) *outcome {
		t.Helper()
		r := newRig(t, parts{nodes: 1, workers: 3, trackers: 2, seed: seed, settle: mutantSettle, overlay: overlay})
		o := r.chaos(mutantSize())
		o.log(t, mutantSize())
		if overlay == "" {
			o.audit.report(r)
		}
		return o
	}
	t.Run("control", func(t *testing.T) {
		if o := run(t, ""); o.unrest != nil {
			t.Error(o.unrest)
		}
	})
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			o := run(t, m.overlay(t))
			found := o.audit.violations()
			if errors.Is(o.unrest, errUnfinished) {
				found = o.audit.duplicates // what is missing might still have come
			}
			if found == 0 {
				t.Errorf("SURVIVES: %s (%s); %v", m.mistake, m.why, o.unrest)
			}
		})
	}
}
