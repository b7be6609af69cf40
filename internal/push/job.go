// Package push brings one tracker up to date with one case, each effect once.
package push

import (
	"time"

	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
)

// Format is the version of jobs, results and dead letters.
const Format = 1

// Kind says why a job exists.
type Kind string

// Kinds.
const (
	KindPush    Kind = "push"    // an event arrived
	KindRetry   Kind = "retry"   // a scheduled wake-up of an entry that waits
	KindRedrive Kind = "redrive" // a person sends a dead letter again
	KindReplay  Kind = "replay"  // compare with the ledger and write what differs; never closes
	KindSweep   Kind = "sweep"   // bring what the entry owes and nobody has in sight; without Seq: whatever that is
	KindVerify  Kind = "verify"  // look a second time whether the case has one incident
)

// Job means: bring this connector to the case's newest state, at least as new
// as Seq. It is a wake-up and carries no state.
type Job struct {
	Format    int       `json:"v"`
	Kind      Kind      `json:"kind"`
	Connector string    `json:"connector_id"`
	Space     string    `json:"space_id"`
	Case      string    `json:"case_id"`
	Owner     string    `json:"owner,omitempty"`
	Seq       uint64    `json:"seq"`    // of the event
	Stream    string    `json:"stream"` // incarnation of the event stream that Seq counts in
	EventID   string    `json:"event_id,omitempty"`
	StoredAt  time.Time `json:"stored_at,omitzero"` // when the queue took the event
	ReplayOf  string    `json:"replay_of,omitempty"`
	Trace     string    `json:"traceparent,omitempty"`

	// WaitsSince is when the event was put aside until Kibana can be asked.
	WaitsSince time.Time `json:"waits_since,omitzero"`

	// Redelivered: the queue has delivered this job before. Not stored.
	Redelivered bool `json:"-"`
	// QueuedAt is when the queue took this job, on the clock that the ledger's
	// times are on; zero is now. Not stored.
	QueuedAt time.Time `json:"-"`
}

// Key is the entry that the job is about.
func (j Job) Key() ledger.Key {
	return ledger.Key{Connector: j.Connector, Space: j.Space, Case: j.Case}
}

// Position is the event's place in the stream.
func (j Job) Position() ledger.Position { return ledger.Position{Stream: j.Stream, Seq: j.Seq} }

// Outcome is how a push ended for good.
type Outcome string

// Outcomes.
const (
	Pushed       Outcome = "pushed"
	Unchanged    Outcome = "unchanged"
	Skipped      Outcome = "skipped"
	DeadLettered Outcome = "dead_lettered"
)

// Reason says why a push was skipped or dead-lettered. The list is closed.
type Reason string

// Reasons.
const (
	ReasonMalformed         Reason = "malformed"                  // the event cannot be read
	ReasonTooLarge          Reason = "too_large"                  // the event or the case exceeds a bound
	ReasonNoConnector       Reason = "no_connector"               // neither event, case nor configuration names one
	ReasonConnectorNotFound Reason = "connector_not_found"        // no connector has this id
	ReasonConnectorDeleted  Reason = "connector_deleted"          // it was deleted while pushes waited
	ReasonUnsupportedType   Reason = "unsupported_connector_type" // no adapter for its type
	ReasonCaseNotFound      Reason = "case_not_found"             // Kibana does not know the case
	ReasonMapping           Reason = "mapping"                    // the mapping or the case's connector fields do not fit
	ReasonTemplate          Reason = "template"                   // a template gives nothing that can be sent
	ReasonHostNotAllowed    Reason = "host_not_allowed"           // outbound.allowedHosts
	ReasonRejected          Reason = "rejected"                   // the tracker refuses the content
	ReasonUnauthenticated   Reason = "unauthenticated"            // wrong credentials, for too long
	ReasonForbidden         Reason = "forbidden"                  // the credentials may not do it
	ReasonIncidentMissing   Reason = "incident_missing"           // the incident was deleted at the tracker
	ReasonUncertain         Reason = "uncertain"                  // an effect may have happened and cannot be looked up
	ReasonRetriesExhausted  Reason = "retries_exhausted"          // transient errors for too long
	ReasonEventExpired      Reason = "event_expired"              // the event is no longer in the stream
)

// Reasons lists them all, for documentation and validation.
func Reasons() []Reason {
	return []Reason{
		ReasonMalformed, ReasonTooLarge, ReasonNoConnector, ReasonConnectorNotFound, ReasonConnectorDeleted,
		ReasonUnsupportedType, ReasonCaseNotFound, ReasonMapping, ReasonTemplate, ReasonHostNotAllowed, ReasonRejected,
		ReasonUnauthenticated, ReasonForbidden, ReasonIncidentMissing, ReasonUncertain, ReasonRetriesExhausted, ReasonEventExpired,
	}
}

// Result is a final outcome as published on casepush.result.>.
type Result struct {
	Format          int                     `json:"v"`
	EventID         string                  `json:"event_id"`
	EventSeq        uint64                  `json:"event_seq"`
	ThroughSeq      uint64                  `json:"through_seq"` // the newest event that the outcome covers
	CaseID          string                  `json:"case_id"`
	SpaceID         string                  `json:"space_id"`
	Owner           string                  `json:"owner"`
	ConnectorID     string                  `json:"connector_id"`
	ConnectorTypeID string                  `json:"connector_type_id"`
	Outcome         Outcome                 `json:"outcome"`
	Reason          Reason                  `json:"reason,omitempty"`
	ExternalService *kibana.ExternalService `json:"external_service,omitempty"`
	Closed          bool                    `json:"closed"`
	Attempts        int                     `json:"attempts"`
	TookMS          int64                   `json:"took_ms"` // from the queue's taking the event to the outcome
	At              time.Time               `json:"at"`
}

// DeadLetter is a push put aside for a person. It carries the event's
// sequence, not its body.
type DeadLetter struct {
	Format          int       `json:"v"`
	ConnectorID     string    `json:"connector_id,omitempty"`
	ConnectorTypeID string    `json:"connector_type_id,omitempty"`
	SpaceID         string    `json:"space_id"`
	CaseID          string    `json:"case_id"`
	Owner           string    `json:"owner,omitempty"`
	EventID         string    `json:"event_id,omitempty"`
	EventSeq        uint64    `json:"event_seq"`
	EventStream     string    `json:"event_stream"`
	ThroughSeq      uint64    `json:"through_seq,omitempty"`
	Stage           Stage     `json:"stage"`
	Reason          Reason    `json:"reason"`
	Message         string    `json:"message"` // what is wrong, with the tracker's words
	Status          int       `json:"status,omitempty"`
	Attempts        int       `json:"attempts"`
	FirstAt         time.Time `json:"first_at,omitzero"`
	LastAt          time.Time `json:"last_at"`
	IncidentID      string    `json:"incident_id,omitempty"`
	IncidentTitle   string    `json:"incident_title,omitempty"`
}

// Stage is the part of a push in which something went wrong.
type Stage string

// Stages, in the order in which a push passes them.
const (
	StageDecode    Stage = "decode"
	StageRoute     Stage = "route"
	StageConnector Stage = "connector"
	StageCase      Stage = "case"
	StageMapping   Stage = "mapping"
	StageAdopt     Stage = "adopt"
	StageSettle    Stage = "settle"
	StageRead      Stage = "read"
	StageCreate    Stage = "create"
	StageUpdate    Stage = "update"
	StageComment   Stage = "comment"
	StageClose     Stage = "close"
	StageVerify    Stage = "verify"
)

// AtTracker reports whether the stage's requests go to the tracker and not to
// Kibana.
func (s Stage) AtTracker() bool {
	switch s {
	case StageAdopt, StageSettle, StageRead, StageCreate, StageUpdate, StageComment, StageVerify:
		return true
	}
	return false
}
