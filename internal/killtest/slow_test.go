package killtest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// maxLatency is how long a request is on its way, at most, in each direction.
const maxLatency = 40 * time.Millisecond

// slowly stands before the fake tracker as a network does: requests and
// answers take a while, and a request that has arrived takes effect whether
// its sender lives or not.
type slowly struct {
	next http.Handler
	// arrived hears of each request that cannot be repeated: a create, or a
	// comment. It is for whoever listens at that moment.
	arrived chan struct{}

	mu  sync.Mutex
	rng *rand.Rand
}

func newSlowly(seed uint64, next http.Handler) *slowly {
	return &slowly{next: next, arrived: make(chan struct{}), rng: rand.New(rand.NewPCG(seed, 2))}
}

// ServeHTTP implements http.Handler.
func (s *slowly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender died while it wrote: nothing has arrived
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if unrepeatable(r) {
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

func unrepeatable(r *http.Request) bool {
	return r.Method == http.MethodPost && (strings.HasSuffix(r.URL.Path, "/issue") || strings.HasSuffix(r.URL.Path, "/comment"))
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
