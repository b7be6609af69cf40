package ops

import (
	"fmt"
	"time"
)

// MendIncident says in words what a person must do about an entry, or what
// happens by itself; "" if nothing is wrong.
func MendIncident(i Incident, now time.Time) string {
	switch {
	case i.Blocked:
		return "look at the tracker, then say what is there: " + ResolveCommand(i.ConnectorID, i.SpaceID, i.CaseID)
	case i.Uncertain != nil && i.abandoned(now):
		return fmt.Sprintf("nothing: its worker has ended; one that runs for longer than %s takes over and looks it up", i.Lease)
	case i.ClaimedBy != "":
		return ""
	case i.Uncertain != nil && i.Uncertain.LookUpAt.After(now):
		return fmt.Sprintf("nothing: while a worker runs, it is looked up from %s on", i.Uncertain.LookUpAt.UTC().Format(time.RFC3339))
	case i.Uncertain != nil && i.Dead:
		return "redrive its dead letter, which looks it up before anything else is sent: " + deadLettersOf(i)
	case i.Uncertain != nil:
		return "nothing: while a worker runs, it is looked up before anything else is sent"
	case i.Retry != nil:
		return ""
	case i.Dead:
		return "see why, and what to do: " + deadLettersOf(i)
	}
	return ""
}

func deadLettersOf(i Incident) string {
	return fmt.Sprintf("casepush dlq ls --connector %s --space-id %s --case %s", shellWord(i.ConnectorID), shellWord(i.SpaceID), shellWord(i.CaseID))
}
