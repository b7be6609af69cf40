package history

import (
	"os"
	"testing"

	"github.com/casepush/casepush/internal/fakes/faketracker"
)

// Variables of TestEveryHistory beside HISTORY_FATE.
const (
	singlesVariable = "HISTORY_SINGLES" // not empty: no pairs
	effortVariable  = "HISTORY"         // all: no samples
)

// effort is how much of a scenario is tried: every n-th single misfortune, and
// of every n-th of these each further one; 0 is none.
type effort struct{ singles, pairs int }

// central is the scenario whose pairs can be tried at every kind of tracker.
const central = "create and close"

// effortOf: Jira is where the pusher is proved, with all pairs of the small
// scenarios. The others prove their adapters and what the pusher does by their
// abilities, by samples that a test run has the time for; HISTORY=all tries all
// singles there, and the pairs of one scenario.
func effortOf(k faketracker.Kind, s scenario) effort {
	quick := testing.Short() || raceEnabled
	e := effort{singles: 1}
	switch jira, all := k.Name == faketracker.Jira().Name, os.Getenv(effortVariable) == "all"; {
	case jira && s.pairs && (!quick || s.name == "updates in disorder"):
		e.pairs = 1
	case jira:
	case all && s.name == central:
		e.pairs = 1
	case all:
	case quick:
		e.singles = 64
	default:
		e.singles = 16
	}
	if os.Getenv(singlesVariable) != "" {
		e.pairs = 0
	}
	return e
}

// planned is a single misfortune, and how many may come together with it.
type planned struct {
	fate  fate
	depth int
}

// plan chooses from the singles. Kinds of different names begin at different
// ones, so that those of one family do not all have the same.
func (e effort) plan(k faketracker.Kind, singles []fate) []planned {
	var list []planned
	for i := len(k.Name) % e.singles; i < len(singles); i += e.singles {
		p := planned{singles[i], 1}
		if e.pairs > 0 && len(list)%e.pairs == 0 {
			p.depth = 2
		}
		list = append(list, p)
	}
	return list
}
