// Package gate decides when a connector's queue is worked on and when a
// request to its tracker may be sent: not while a person has paused it, while
// the tracker asked to be left alone, refuses our credentials or is down, or
// while another worker has the queue.
//
// It is pure but for the clock: what it learns and decides is stored, shared
// with other workers and acted on by its users.
package gate

import "time"

// Reason says why nothing is sent.
type Reason string

// Reasons.
const (
	RateLimited     Reason = "rate_limited"    // the tracker answered 429, or 503 with a time
	Unauthenticated Reason = "unauthenticated" // it refuses our credentials
	Forbidden       Reason = "forbidden"       // they may do nothing there
	Down            Reason = "down"            // several cases in a row got no useful answer
)

// Refused reports whether the reason is that nothing works until a person has
// corrected the credentials.
func (r Reason) Refused() bool { return r == Unauthenticated || r == Forbidden }

// String gives the reason in words.
func (r Reason) String() string { return r.Of("the tracker") }

// Of is String where it is not the tracker that the reason is of.
func (r Reason) Of(whom string) string {
	switch r {
	case RateLimited:
		return whom + " asked to wait"
	case Unauthenticated:
		return whom + " refuses our credentials"
	case Forbidden:
		return whom + " lets our credentials do nothing"
	case Down:
		return whom + " is down"
	}
	return string(r)
}

// Hold is a connector that nothing is sent to for a while. It is stored, so
// that every worker obeys it, also after a restart. The zero value is none.
type Hold struct {
	Reason Reason    `json:"reason,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	// Asked is until when the tracker itself asked to be left alone; zero: it
	// did not. Nothing but a person ends the hold before.
	Asked time.Time `json:"asked,omitzero"`
	// Times counts holds in a row: no push has gone through between them.
	Times int    `json:"times,omitempty"`
	Words string `json:"words,omitempty"` // the error that began it, redacted
	// ResumedAt: a person said that the cause is mended; holds that began
	// before are over.
	ResumedAt time.Time `json:"resumed_at,omitzero"`
}

// Active reports whether the hold is on at the given time.
func (h Hold) Active(now time.Time) bool { return h.Reason != "" && now.Before(h.Until) }

// Merge is what is to be stored of a hold that a worker decided on, where stored
// is what there is: another worker may have heard of a later time meanwhile, or
// have had the queue since. write is false if what there is stays.
func Merge(stored, mine Hold, now time.Time) (merged Hold, write bool) {
	switch {
	case mine.Reason == "" && stored.Active(now):
		return stored, false
	case now.Before(stored.Asked) && stored.Asked.After(mine.Until):
		mine.Until, mine.Asked = stored.Until, stored.Asked
	}
	return mine, true
}

// Pause is a person's word that nothing be sent until it is resumed.
type Pause struct {
	Since time.Time `json:"since"`
	By    string    `json:"by,omitempty"`
	Why   string    `json:"why,omitempty"`
}

// State says whether a queue is worked on, as people are told. Whether there is
// a worker to do it is another matter.
type State string

// States.
const (
	Working State = "working" // nothing stands in its way
	Paused  State = "paused"  // by a person, until it is resumed
	Held    State = "held"    // the tracker is left alone until a time
	Probing State = "probing" // that time is over: one push at a time until one shows that the tracker works
)

// StateOf gives the state at the given time. A pause, nil if there is none,
// comes before a hold: it is what somebody has to end.
func StateOf(p *Pause, h Hold, now time.Time) State {
	switch {
	case p != nil:
		return Paused
	case h.Active(now):
		return Held
	case h.Reason != "":
		return Probing
	}
	return Working
}

// Delays of holds, each twice as long as the one before.
const (
	firstDown  = 5 * time.Second
	mostDown   = 5 * time.Minute
	firstLimit = 5 * time.Second // of a 429 that names no time
	mostLimit  = time.Minute     // it may be one case alone that is answered so
	// A tracker that refuses our credentials locks the account or bans the
	// address when they are tried too often.
	firstRefused = 30 * time.Second
	mostRefused  = time.Hour
)

// delay is how long a hold lasts that follows the given number of others.
func delay(r Reason, times int) time.Duration {
	first, most := firstRefused, mostRefused
	switch r {
	case Down:
		first, most = firstDown, mostDown
	case RateLimited:
		first, most = firstLimit, mostLimit
	}
	return min(most, first<<min(times, 16))
}
