//go:build linux

package bench

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/proctest"
	"github.com/casepush/casepush/internal/stream"
)

// Programs that can be measured.
const (
	casepush = "casepush"
	naive    = "naive"
	bare     = "bare"
	ideal    = "ideal"
	// profiled is casepush's worker in this binary, with a CPU profile.
	profiled = "worker"
)

// setup is one run.
type setup struct {
	program   string
	cases     int
	first     int // number of the first case
	comments  int // in each case
	flight    int // pushes at once; 0 is defaultFlight
	latencyMS int // of the tracker
	// sync has the server write each message to the disk before it answers.
	sync bool
	// embedded runs the server inside casepush, which implies sync.
	embedded bool
}

const defaultFlight = 64

func (s setup) inFlight() int {
	if s.flight == 0 {
		return defaultFlight
	}
	return s.flight
}

// name is how the run is called in a table.
func (s setup) name() string {
	name := s.program
	if s.flight != 0 {
		name += fmt.Sprintf(", %d in flight", s.flight)
	}
	switch {
	case s.embedded:
		name += ", embedded, sync always"
	case s.sync:
		name += ", sync always"
	}
	return name
}

// bench has what all runs share.
type bench struct {
	*testing.T
	bin proctest.Binaries
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{T: t, bin: proctest.Build(t, proctest.BuildOptions{})}
}

// queue is the NATS server of one run.
type queue struct {
	bench *bench
	url   string
	js    jetstream.JetStream
	pid   int // 0: it runs inside casepush
	dir   string
	stop  func() // ends the server and leaves its store
}

// startQueue starts a server with casepush's streams.
func (b *bench) startQueue(sync bool) *queue {
	b.Helper()
	dir := b.TempDir()
	server := proctest.StartNATS(b, proctest.NATSOptions{Binary: b.bin.NATS, LazySync: !sync, Dir: dir})
	node := server.Nodes[0]
	q := &queue{bench: b, url: server.URL(), pid: node.Process().PID(), dir: filepath.Join(dir, node.Name)}
	q.stop = func() {
		_ = node.Process().Terminate()
		<-node.Process().Ended()
	}
	conn, err := stream.Connect(b.Context(), stream.Options{URL: q.url, Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	conn.Close()
	q.connect()
	return q
}

func (q *queue) connect() {
	q.bench.Helper()
	nc, err := nats.Connect(q.url)
	if err != nil {
		q.bench.Fatal(err)
	}
	q.bench.Cleanup(nc.Close)
	if q.js, err = jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(512)); err != nil {
		q.bench.Fatal(err)
	}
}

// messages is how many messages a stream has.
func (q *queue) messages(name string) int {
	q.bench.Helper()
	s, err := q.js.Stream(q.bench.Context(), name)
	if err != nil {
		q.bench.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

// unacknowledged is how many messages a consumer has to do.
func (q *queue) unacknowledged(stream, durable string) int {
	q.bench.Helper()
	cons, err := q.js.Consumer(q.bench.Context(), stream, durable)
	if err != nil {
		q.bench.Fatal(err)
	}
	info := cons.CachedInfo()
	return info.NumAckPending + int(info.NumPending)
}

// workerConfig has events that carry their case, so no Kibana.
const workerConfig = `
%[1]s
http: {listen: "127.0.0.1:0"}
connectors:
`

const connectorConfig = `  %[1]s:
    actionTypeId: .jira
    name: SOC Jira
    config: {apiUrl: %[2]q, projectKey: HMS}
    secrets: {email: admin@hms.example, apiToken: token}
`

// target is a connector and the tracker behind it.
type target struct {
	connector string
	url       string
}

// writeConfig writes the worker's configuration and returns its path.
func (b *bench) writeConfig(natsSection string, flight int, targets ...target) string {
	b.Helper()
	text := fmt.Sprintf(workerConfig, natsSection)
	delivery := "delivery:\n"
	for _, t := range targets {
		text += fmt.Sprintf(connectorConfig, t.connector, t.url)
		delivery += fmt.Sprintf("  %s: {deployment: cloud, max_in_flight: %d}\n", t.connector, flight)
	}
	path := filepath.Join(b.TempDir(), "casepush.yaml")
	if err := os.WriteFile(path, []byte(text+delivery), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func external(url string) string { return fmt.Sprintf("nats: {url: %q}", url) }

func (b *bench) startCasepush(config string) *process {
	b.Helper()
	return start(b, casepush, proctest.Command{Program: b.bin.Casepush, Args: []string{"run", "-c", config}})
}

// startProgram starts what a run measures.
func (b *bench) startProgram(s setup, q *queue, tr *trackerProcess) *process {
	b.Helper()
	if s.program == casepush {
		return b.startCasepush(b.writeConfig(external(q.url), s.inFlight(), target{connectorID, tr.url}))
	}
	role := spec{NATS: q.url, Tracker: tr.url, Flight: s.inFlight()}
	if s.program == profiled {
		role.Config = b.writeConfig(external(q.url), s.inFlight(), target{connectorID, tr.url})
		role.Profile = cmp.Or(os.Getenv(profileVariable), filepath.Join(b.TempDir(), "cpu.pprof"))
	}
	return startRole(b, s.program, role)
}

var embeddedURL = regexp.MustCompile(`nats://[0-9.:]+`)

// startEmbedded starts casepush with a server inside, on a store that has the
// events already, and says when.
func (b *bench) startEmbedded(s setup, events []event, tr *trackerProcess) (time.Time, *queue, *process) {
	b.Helper()
	dir := b.TempDir()
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	q := &queue{bench: b, url: server.URL(), dir: dir}
	conn, err := stream.Connect(b.Context(), stream.Options{Embedded: server, Name: "bench"})
	if err == nil {
		conn.Close()
		q.connect()
		publishAll(b, q.js, events)
	}
	server.Stop()
	if err != nil {
		b.Fatal(err)
	}
	return b.startOn(s, q, tr)
}

// startOn starts casepush with a server inside on the store of a queue whose
// own server has stopped.
func (b *bench) startOn(s setup, q *queue, tr *trackerProcess) (time.Time, *queue, *process) {
	b.Helper()
	begun := time.Now()
	section := fmt.Sprintf("embedded: {dir: %q, listen: \"127.0.0.1:0\"}", q.dir)
	p := b.startCasepush(b.writeConfig(section, s.inFlight(), target{connectorID, tr.url}))
	p.says("embedded NATS server")
	q = &queue{bench: b, url: embeddedURL.FindString(p.output()), dir: q.dir}
	q.connect()
	return begun, q, p
}

// ready waits until the program takes events.
func (s setup) ready(p *process) {
	switch s.program {
	case casepush, profiled:
		p.says("worker started")
	case ideal:
		p.says(workStream + ": ready")
		fallthrough
	default:
		p.says(eventStream + ": ready")
	}
}

// done waits until the program has recorded and acknowledged everything.
func (s setup) done(q *queue, p *process, atLeast int) {
	until(q.bench, "the records of "+s.name(), func() bool {
		p.mustRun()
		if s.program == naive || s.program == bare {
			return q.unacknowledged(eventStream, naiveConsumer) == 0
		}
		return q.messages(resultStream) >= atLeast && q.messages(workStream) == 0
	})
}

// elapsed is the time between two moments in nanoseconds.
func elapsed(from, to int64) time.Duration { return time.Duration(to - from) }
