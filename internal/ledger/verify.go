package ledger

import (
	"slices"
	"time"
)

// Verify is a second look at the tracker that the entry owes: its incident came
// after a doubt whether there was one already. A request that was suspended on
// its way may have made another since.
type Verify struct {
	// At is when to look; zero while there is no incident yet.
	At time.Time `json:"at,omitzero"`
	// Since is when the incident came.
	Since    time.Time `json:"since,omitzero"`
	Attempts int       `json:"n,omitempty"` // looks that failed
	// PutOff is for how long the look waited because the connector was held.
	PutOff time.Duration `json:"held,omitempty"`
}

// Due says when to look; zero: nothing is owed, or not yet.
func (v *Verify) Due() time.Time {
	if v == nil {
		return time.Time{}
	}
	return v.At
}

// AddDuplicate records a further incident of the case, unless it is known.
func (e *Entry) AddDuplicate(i Incident) {
	if !slices.ContainsFunc(e.Duplicates, func(d Incident) bool { return d.ID == i.ID && d.Tracker == i.Tracker }) {
		e.Duplicates = append(e.Duplicates, i)
	}
}
