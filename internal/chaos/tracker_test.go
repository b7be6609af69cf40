package chaos

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/proctest"
)

// tracker is one fake tracker behind a listener that can go away.
type tracker struct {
	id   string // of its connector
	kind faketracker.Kind
	fake faketracker.Tracker
	*slowly
	url, addr string
	handler   http.Handler // slowly, or what stands before it
	server    *http.Server
}

func newTracker(t *testing.T, k faketracker.Kind, i int, seed uint64) *tracker {
	t.Helper()
	fake := k.New(faketracker.Options{SearchDelay: searchLag, Seed: seed + uint64(i), JournalSize: journalSize})
	addr := proctest.FreeAddr(t)
	tr := &tracker{
		id: connectorID(i), kind: k, fake: fake, slowly: newSlowly(seed+uint64(i), k, fake), url: "http://" + addr, addr: addr,
	}
	tr.handler = tr.slowly
	if err := tr.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.close)
	return tr
}

// open listens.
func (tr *tracker) open() error {
	l, err := net.Listen("tcp", tr.addr)
	if err != nil {
		return fmt.Errorf("tracker %s: %w", tr.id, err)
	}
	server := &http.Server{Handler: tr.handler, ReadHeaderTimeout: time.Minute}
	tr.server = server
	go func() { _ = server.Serve(l) }() // it ends by close
	return nil
}

// close refuses connections from now on and cuts those that there are; what
// has arrived takes effect all the same.
func (tr *tracker) close() { _ = tr.server.Close() }

// behind puts a limiter before the tracker.
func (tr *tracker) behind(l *limiter) error {
	tr.close()
	l.next = tr.slowly
	tr.handler = l
	return tr.open()
}

// maxLatency is how long a request is on its way, at most, in each direction.
const maxLatency = 40 * time.Millisecond

// slowly stands before the fake tracker as a network does: requests and
// answers take a while, and a request that has arrived takes effect whether
// its sender lives or not.
type slowly struct {
	kind faketracker.Kind
	next http.Handler
	// arrived hears of each request that cannot be repeated: a create, or a
	// comment. It is for whoever listens at that moment.
	arrived chan struct{}
	// under are the requests that have arrived and have not ended.
	under atomic.Int64

	mu  sync.Mutex
	rng *rand.Rand
}

func newSlowly(seed uint64, k faketracker.Kind, next http.Handler) *slowly {
	return &slowly{kind: k, next: next, arrived: make(chan struct{}), rng: rand.New(rand.NewPCG(seed, 2))}
}

// ServeHTTP implements http.Handler.
func (s *slowly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.under.Add(1)
	defer s.under.Add(-1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender died while it wrote: nothing has arrived
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if s.kind.Unrepeatable(r.Method, r.URL.Path, string(body)) {
		select {
		case s.arrived <- struct{}{}:
		default:
		}
	}
	<-time.After(s.latency())
	heedless := r.WithContext(context.WithoutCancel(r.Context()))
	answer := &delayed{ResponseWriter: w, by: s.latency()}
	s.next.ServeHTTP(answer, heedless)
}

func (s *slowly) latency() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.rng.Int64N(int64(maxLatency)))
}

// delayed holds the answer back after the fake has acted.
type delayed struct {
	http.ResponseWriter
	by   time.Duration
	once sync.Once
}

// WriteHeader implements http.ResponseWriter.
func (d *delayed) WriteHeader(status int) {
	d.once.Do(func() { <-time.After(d.by) })
	d.ResponseWriter.WriteHeader(status)
}
