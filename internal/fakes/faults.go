package fakes

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Faults holds the rules by which a fake fails. For each request the first
// rule that matches and fires is applied, alone. Safe for concurrent use.
type Faults struct {
	mu    sync.Mutex
	rng   *rand.Rand
	next  int
	rules []*activeRule
}

type activeRule struct {
	Rule
	path        *regexp.Regexp // nil: any
	seen, fired int
}

// NewFaults returns a set without rules. The seed decides what
// Rule.Probability does; 0 is 1.
func NewFaults(seed uint64) *Faults {
	if seed == 0 {
		seed = 1
	}
	return &Faults{rng: rand.New(rand.NewPCG(seed, seed))}
}

// Add appends rules in order and returns them with their ids. If one is not
// valid none is added, and the error says which one and why.
func (f *Faults) Add(rules ...Rule) ([]Rule, error) {
	active := make([]*activeRule, 0, len(rules))
	for i, r := range rules {
		re, err := r.compile()
		if err != nil {
			return nil, fmt.Errorf("fault rule %d: %w", i+1, err)
		}
		active = append(active, &activeRule{Rule: r, path: re})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	added := make([]Rule, 0, len(active))
	for _, a := range active {
		f.next++
		a.ID = strconv.Itoa(f.next)
		f.rules = append(f.rules, a)
		added = append(added, a.Rule)
	}
	return added, nil
}

// Remove removes one rule and reports whether it was there.
func (f *Faults) Remove(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.rules)
	f.rules = slices.DeleteFunc(f.rules, func(a *activeRule) bool { return a.ID == id })
	return len(f.rules) < n
}

// Clear removes all rules.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// RuleState is a rule and what it has done.
type RuleState struct {
	Rule
	Seen  int `json:"seen"`  // requests that matched
	Fired int `json:"fired"` // requests it was applied to
}

// List returns the rules in the order in which they are tried.
func (f *Faults) List() []RuleState {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]RuleState, 0, len(f.rules))
	for _, a := range f.rules {
		list = append(list, RuleState{Rule: a.Rule, Seen: a.seen, Fired: a.fired})
	}
	return list
}

// take finds the rule for a request and counts it as fired.
func (f *Faults) take(r *http.Request, body []byte) (Rule, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.rules {
		if !a.matches(r, body) {
			continue
		}
		a.seen++
		if a.seen <= a.Skip || a.Times > 0 && a.fired >= a.Times {
			continue
		}
		if a.Probability > 0 && f.rng.Float64() >= a.Probability {
			continue
		}
		a.fired++
		return a.Rule, true
	}
	return Rule{}, false
}

func (a *activeRule) matches(r *http.Request, body []byte) bool {
	if a.Method != "" && !strings.EqualFold(a.Method, r.Method) {
		return false
	}
	if a.path != nil && !a.path.MatchString(r.URL.Path) {
		return false
	}
	return a.Contains == "" || strings.Contains(r.URL.RawQuery, a.Contains) || strings.Contains(string(body), a.Contains)
}
