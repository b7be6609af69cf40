package push

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
)

// Mailbox reads the events of one case. Delivery order is not trusted: what
// counts is what the stream holds.
type Mailbox interface {
	// Events returns the case's events with a sequence above after, oldest
	// first, at most max of them but always the newest ones, and the position
	// of the newest. No event at all gives a position without a sequence.
	Events(ctx context.Context, space, caseID string, after uint64, max int) ([]Mail, ledger.Position, error)
	// Has reports whether the stream holds the event with this sequence.
	Has(ctx context.Context, seq uint64) (bool, error)
	// Incarnation is the id of the event stream as it is now.
	Incarnation() string
}

// Mail is one stored event.
type Mail struct {
	Seq      uint64
	StoredAt time.Time // zero if unknown
	Event    event.Event
	// Case is the event's, if it has been decoded; it is shared and is not changed.
	Case *kibana.Case
	Err  error // the event is malformed: it is evidence of nothing
}

// Kibana is what a push needs of Kibana.
type Kibana interface {
	Case(ctx context.Context, space, id string, what kibana.What) (*kibana.Case, error)
	Pushed(ctx context.Context, space, id, connectorID string, c *kibana.Case) (*kibana.ExternalService, error)
	Close(ctx context.Context, space, id string, opts kibana.CloseOptions) (kibana.CloseResult, error)
	ClosedSince(ctx context.Context, space, id string, since time.Time) (at time.Time, known bool, err error)
	// Alerts returns the case's alert documents with the named fields, in the
	// order in which they were attached.
	Alerts(ctx context.Context, space, id string, fields []string) ([]map[string]any, error)
	OwnUser() string
}

// Results publishes final outcomes. Publishing the same outcome twice is harmless.
type Results interface {
	Publish(ctx context.Context, r Result) error
}

// DeadLetters keeps what a person has to look at.
type DeadLetters interface {
	// Put stores the dead letter and drops older ones of the same entry.
	Put(ctx context.Context, d DeadLetter) error
	// Settle drops those of the entry that are about events up to the given
	// one: a push that covers it has succeeded.
	Settle(ctx context.Context, key ledger.Key, upTo ledger.Position) error
}

// Target is a connector that pushes can go to.
type Target struct {
	Definition connector.Definition
	Type       connector.Type
	Connector  connector.Connector
	// CreateAgain: send again what is uncertain and cannot be looked up.
	CreateAgain bool
}

// Errors of Connectors.
var (
	ErrConnectorNotFound = errors.New("no connector has this id")
	ErrUnsupportedType   = errors.New("connector type is not supported")
)

// Connectors finds targets. The error is ErrConnectorNotFound,
// ErrUnsupportedType, or something that may pass.
type Connectors interface {
	Target(ctx context.Context, id string) (Target, error)
}

// Rules are the case configuration of one owner in one space.
type Rules struct {
	ClosePushed bool // closure_type is close-by-pushing
	ConnectorID string
	Rows        []connector.MappingRow
}

// Configurations finds the rules of (space, owner); the zero Rules if nobody
// has configured any.
type Configurations interface {
	Rules(ctx context.Context, space, owner string) (Rules, error)
}

// Options is what a Pusher is made of. All fields are required except Kibana,
// Policy, VerifyAfter and Jitter.
type Options struct {
	// Owner names this process in claims; unique to each start of a process.
	Owner          string
	Ledger         ledger.Store
	Mailbox        Mailbox
	Connectors     Connectors
	Configurations Configurations
	Results        Results
	DeadLetters    DeadLetters
	// Kibana is nil when events carry their cases; closing is then told in the
	// result only.
	Kibana        Kibana
	PublicBaseURL string
	// Lease is how long a claim holds without being renewed. No request to a
	// tracker outlives it.
	Lease  time.Duration
	Policy Policy
	// VerifyAfter is when an incident that came after a doubt is looked at
	// again; 0 is DefaultVerifyAfter.
	VerifyAfter time.Duration
	// Jitter returns a number in [0, 1); nil is math/rand.
	Jitter func() float64
}

// Pusher pushes cases. Safe for concurrent use; the caller sees to it that no
// two calls of Push for one key overlap in this process (see KeyLock).
type Pusher struct {
	Options
	watch watch
}

// New makes a Pusher.
func New(o Options) *Pusher {
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Policy == (Policy{}) {
		o.Policy = DefaultPolicy
	}
	if o.VerifyAfter == 0 {
		o.VerifyAfter = DefaultVerifyAfter
	}
	return &Pusher{Options: o}
}

// Delays of jobs that are handed back.
const (
	staleDelay = time.Second      // a replica answered late
	raceDelay  = time.Second      // another worker was faster
	maxDelay   = 30 * time.Second // of one hand-back: it holds a slot of the consumer
)

// Push works on one job. An error means that the infrastructure (ledger,
// stream) failed; the job has to be handed back, and nothing is lost: what may
// have been sent is in the ledger as intended.
func (p *Pusher) Push(ctx context.Context, job Job) (Verdict, error) {
	a := &attempt{p: p, job: job, key: job.Key(), start: time.Now()}
	var err error
	if a.entry, a.rev, err = p.Ledger.Get(ctx, a.key); err != nil {
		return Verdict{}, err
	}
	a.rename()
	v, err := a.run(ctx)
	if errors.Is(err, ledger.ErrConflict) {
		// Somebody else wrote the entry: what we decided rests on old ground.
		return Verdict{Action: HandBack, Delay: raceDelay, Note: "another worker changed the entry"}, nil
	}
	if err == nil && v.Action != HandBack {
		p.watch.forget(a.key)
		v.VerifyAt = a.entry.Verify.Due()
	}
	return v, err
}

// attempt is one call of Push.
type attempt struct {
	p     *Pusher
	job   Job
	key   ledger.Key
	start time.Time

	entry ledger.Entry
	rev   ledger.Revision

	target   Target
	caps     connector.Capabilities
	rules    Rules
	state    state
	work     work
	deadline time.Time // end of the lease, zero without a claim
	wrote    bool      // something was changed at the tracker
	counted  bool      // all comments of the state were looked up
	repeats  bool      // the create may be a second one that changes nothing: the incident may have an older state
}

// run goes through the gates, prepares without writing anything anywhere, and
// then acts under the claim.
func (a *attempt) run(ctx context.Context) (Verdict, error) {
	if a.job.Kind == KindVerify {
		return a.verify(ctx)
	}
	if v, stop, err := a.gate(ctx); stop || err != nil {
		return v, err
	}
	if a.entry.Closing != nil && a.entry.Cursor.Covers(a.wanted()) {
		return a.resumeClosing(ctx)
	}
	if f := a.prepare(ctx); f != nil {
		return a.fail(ctx, f)
	}
	if !a.work.empty() {
		if err := a.claim(ctx); err != nil {
			return Verdict{}, err
		}
		f, err := a.apply(ctx)
		if err != nil {
			return Verdict{}, err
		}
		if f != nil {
			return a.fail(ctx, f)
		}
	}
	return a.succeed(ctx)
}

// wanted is the newest event that this attempt has to cover: the job's, and
// whatever was acknowledged on the entry's promise.
func (a *attempt) wanted() ledger.Position {
	if a.entry.Want.Stream == a.job.Stream {
		return a.job.Position().Later(a.entry.Want)
	}
	return a.job.Position()
}

// promise is the newest event that the entry has to come back for when this
// job is acknowledged unfinished. A replay covers no event: the event's own job
// does that, and closes the case.
func (a *attempt) promise() ledger.Position {
	if a.job.Kind == KindReplay {
		return a.entry.Want
	}
	return a.wanted()
}

// cursor is the entry's cursor after an outcome that counts for all events up
// to through.
func (a *attempt) cursor(through ledger.Position) ledger.Position {
	if a.job.Kind == KindReplay {
		return a.entry.Cursor
	}
	return a.entry.Cursor.Later(through)
}

// writeTimeout bounds one write to the ledger.
const writeTimeout = 5 * time.Second

// write stores the entry and keeps the new revision. What has happened is
// recorded even when the worker is told to stop meanwhile.
func (a *attempt) write(ctx context.Context, e ledger.Entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if was := a.entry.Plan; was != nil && e.Plan != nil && !was.SettleAt.IsZero() && e.Plan.SettleFrom.IsZero() {
		// The plan keeps the time from which it settles.
		e.Plan.SettleFrom = a.entry.StoredAt
	}
	stored, rev, err := ledger.Write(ctx, a.p.Ledger, a.key, e, a.rev)
	if err != nil {
		return err
	}
	a.entry, a.rev = stored, rev
	return nil
}

// failure is an error with the stage in which it happened.
type failure struct {
	stage  Stage
	err    *connector.Error
	reason Reason // overrides what Decide would say
	// plan is what may have been sent long ago, for a person to resolve.
	plan  *ledger.Plan
	stale bool // nothing is wrong: a read was too old
}

func failed(stage Stage, err error) *failure {
	if err == nil {
		return nil
	}
	return &failure{stage: stage, err: connector.AsError(string(stage), err)}
}
