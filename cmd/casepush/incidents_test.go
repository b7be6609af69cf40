package main

import (
	"slices"
	"testing"

	"github.com/casepush/casepush/internal/ops"
)

// What a worker sends now is not told as if it had gone wrong.
func TestIncidentDetailsInFlight(t *testing.T) {
	t.Parallel()
	uncertain := &ops.Uncertain{Comments: []string{"c1", "c2"}}
	for want, i := range map[string]ops.Incident{
		"in flight": {State: ops.StateClaimed, ClaimedBy: "worker-1", Uncertain: uncertain},
		"uncertain": {State: ops.StateUncertain, Uncertain: uncertain},
	} {
		if !slices.Contains(incidentDetails(i), detail{want, `2 comments: "c1", "c2"`}) {
			t.Errorf("state %s: want %q in %q", i.State, want, incidentDetails(i))
		}
	}
}

// A second incident of a case is told beside the one that is used.
func TestIncidentDetailsDuplicates(t *testing.T) {
	t.Parallel()
	got := incidentDetails(ops.Incident{Title: "HMS-1", Duplicates: []ops.Duplicate{{IncidentID: "10002", Title: "HMS-2", URL: "https://hms.example/2"}}})
	if want := (detail{"duplicate", "HMS-2 (10002) https://hms.example/2"}); !slices.Contains(got, want) {
		t.Errorf("want %q in %q", want, got)
	}
}
