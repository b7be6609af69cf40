package history

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/casepush/casepush/adapters"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/secret"
)

// The times of the world. Effects come as late as the tracker's own terms
// allow, so that a wait which is too short shows.
const (
	lease      = 30 * time.Second
	settleTime = 20 * time.Second
	findDelay  = 2 * time.Minute
	retryAfter = 90 * time.Second
	ackWait    = time.Second // short: a job of a dead worker comes while its lease runs
	lastMoment = time.Second // before the end of a term
	stepTime   = 2 * time.Millisecond
)

const (
	connectorID = "soc"
	trackerURL  = "https://tracker.example"
	caseID      = "7349772f-421a-4de3-b8bb-2d9b22ccee30"
	space       = "default"
	owner       = "securitySolution"
	ourUser     = "casepush"
	stream      = "incarnation-1"
)

// world is everything around the processes: what survives them.
type world struct {
	kind     faketracker.Kind
	scenario scenario
	fate     fate
	steps    []place
	counting bool
	trace    func(format string, args ...any) // nil is quiet
	began    time.Time

	tracker faketracker.Tracker
	kibana  *fakekibana.Fake
	store   *ledger.Memory
	// backups are copies of the ledger after each write, if there is one already.
	backups []*ledger.Memory
	mails   []push.Mail
	queue   []*message
	// One wake-up an entry, of each kind; a new one replaces it.
	later, looks map[ledger.Key]*message
	duplicates   []connector.Ref // that second looks have told of

	main      *process
	processes int
	results   []push.Result
	letters   map[ledger.Key]push.DeadLetter

	windows    []window
	limited    time.Time      // until then the gate is shut
	late       time.Duration  // so much later the next write to the tracker takes effect
	writes     int            // requests that change something, at the tracker or Kibana
	resolved   int            // by people, what was uncertain
	changes    int            // by people
	texts      map[string]int // of comments, by text: how many have ever had it
	reopenedAt time.Time      // zero: nobody has
	eventAt    time.Time      // of the newest event
	problems   []string
}

// window is a time in which the tracker wants no requests. Who was told knows
// it, and whoever begins when the ledger has it.
type window struct {
	p        *process // who was told
	until    time.Time
	recorded time.Time // zero: not yet
}

func newWorld(k faketracker.Kind, s scenario, f fate) *world {
	w := &world{
		kind: k, scenario: s, fate: f, began: time.Now(), store: ledger.NewMemory(), later: map[ledger.Key]*message{}, looks: map[ledger.Key]*message{}, letters: map[ledger.Key]push.DeadLetter{}, texts: map[string]int{},
		tracker: k.New(faketracker.Options{SearchDelay: findDelay, Conflicts: 1}), kibana: fakekibana.New(fakekibana.Options{Username: ourUser}),
	}
	w.main = w.newProcess()
	return w
}

// tick lets a little time pass, so that no two things happen at one instant.
func (w *world) tick() { wait(stepTime) }

// wait lets time pass. A world lives in a bubble of testing/synctest, where
// that takes no time at all.
func wait(d time.Duration) { <-time.NewTimer(d).C }

func (w *world) clock() string { return time.Since(w.began).String() }

func (w *world) problemf(format string, args ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// process is one life of a worker.
type process struct {
	w       *world
	name    string
	pusher  *push.Pusher
	ctx     context.Context
	cancel  context.CancelFunc
	dead    bool
	stopped bool
	holding *message
	began   time.Time // the delivery
	blinded bool      // the next read of the ledger fails
}

// die ends the process here and now.
func (p *process) die() {
	p.dead = true
	p.w.forgetWindows()
	panic(death{p})
}

// newProcess starts a worker that remembers nothing.
func (w *world) newProcess() *process {
	w.processes++
	p := &process{w: w, name: fmt.Sprintf("worker-%d", w.processes)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	kib, err := kibana.New(kibana.Options{
		URL: "https://kibana.example:5601", APIKey: secret.New("aWQ6a2V5"), OwnUser: ourUser,
		HTTP: w.client(kibanaWire(p), nil),
	})
	if err != nil {
		w.problemf("kibana client: %v", err)
	}
	typ, definition := w.connector()
	conn, err := typ.New(definition, connector.Dependencies{HTTP: w.client(trackerWire(p), gate{p})})
	if err != nil {
		w.problemf("connector: %v", err)
	}
	p.pusher = push.New(push.Options{
		Owner: p.name, Ledger: store{w.store, p}, Mailbox: mailbox{p}, Kibana: kib,
		Connectors: fixed{push.Target{Definition: definition, Type: typ, Connector: conn}}, Configurations: rules(w.scenario.rules),
		Results: outbox{p}, DeadLetters: outbox{p}, Lease: lease, Jitter: func() float64 { return 0.5 },
	})
	return p
}

// connector is the connector of the world's tracker.
func (w *world) connector() (connector.Type, connector.Definition) {
	d := w.kind.Definition(trackerURL, faketracker.Times{FindDelay: findDelay, SettleTime: settleTime})
	d.ID = connectorID
	if w.scenario.rows != nil {
		d.Mapping = w.scenario.rows(w.kind.Titles)
	}
	for _, t := range adapters.Types() {
		if t.ID == d.Type {
			return t, d
		}
	}
	w.problemf("the world is broken: no connector type %q", d.Type)
	return connector.Type{}, d
}

func (w *world) client(wire http.RoundTripper, g httpclient.Gate) *http.Client {
	c, err := httpclient.NewWithTransport(httpclient.Settings{AllowedHosts: []string{"*"}, Gate: g}, wire)
	if err != nil {
		w.problemf("http client: %v", err)
	}
	return c
}

// fixed is the one connector there is.
type fixed struct{ target push.Target }

// Target implements push.Connectors.
func (f fixed) Target(context.Context, string) (push.Target, error) { return f.target, nil }

// rules are the same for every owner.
type rules push.Rules

// Rules implements push.Configurations.
func (r rules) Rules(context.Context, string, string) (push.Rules, error) { return push.Rules(r), nil }
