package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/secret"
)

// ErrUnreachable: NATS does not answer.
var ErrUnreachable = errors.New("NATS is out of reach")

// Manage says what may be done about streams and buckets.
type Manage string

// Ways to manage.
const (
	Create Manage = "create" // make what is missing
	Verify Manage = "verify" // refuse to start when something is missing or differs in what safety rests on
	None   Manage = "none"   // trust that all is there
)

// Retention says how long things are kept. The default is 30 days for events
// and 90 days for results and dead letters. An event is kept for longer while
// anything still needs it: see Conn.Retire.
type Retention struct{ Events, Results, DeadLetters time.Duration }

// Options says which NATS to use and how.
type Options struct {
	// Embedded is used when it is set; else URL.
	Embedded *Embedded
	URL      string
	Creds    string // path of a credentials file
	User     string
	Password secret.String
	Token    secret.String
	TLS      *tls.Config
	Prefix   string
	Replicas int // 0 is 1
	Manage   Manage
	// Retention of streams that are made; zero values are the defaults.
	Retention Retention
	// OnState hears of lost and regained connections; may be nil.
	OnState func(connected bool, err error)
	// Name is shown in the server's list of connections.
	Name string
}

// Conn is a connection to NATS with all of casepush's streams. Safe for
// concurrent use.
type Conn struct {
	names  Names
	nc     *nats.Conn
	js     jetstream.JetStream
	events jetstream.Stream
	work   jetstream.Stream
	dlq    jetstream.Stream
	ledger jetstream.Stream
	opts   Options

	incarnation atomic.Pointer[string] // of the event stream
}

const (
	connectTimeout = 5 * time.Second
	requestTimeout = 5 * time.Second
	setupTimeout   = 30 * time.Second
	minMajor       = 2
	minMinor       = 12
)

// Connect connects once, checks the server and sets up the streams. An error
// that wraps ErrUnreachable may pass; any other will not by itself. A
// connection that is lost later is regained for as long as it takes.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	names, err := NewNames(o.Prefix)
	if err != nil {
		return nil, err
	}
	nc, err := dial(o)
	if err != nil {
		return nil, err
	}
	c := &Conn{names: names, nc: nc, opts: o}
	if err := c.open(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return c, nil
}

func dial(o Options) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name(o.Name), nats.Timeout(connectTimeout), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond),
		// Buffering writes while disconnected would send them when nobody
		// waits for the answer any more.
		nats.ReconnectBufSize(-1),
	}
	if o.OnState != nil {
		opts = append(opts,
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { o.OnState(false, err) }),
			nats.ReconnectHandler(func(*nats.Conn) { o.OnState(true, nil) }))
	}
	if o.Embedded != nil {
		opts = append(opts, nats.InProcessServer(o.Embedded.server))
	}
	if o.Creds != "" {
		opts = append(opts, nats.UserCredentials(o.Creds))
	}
	if o.User != "" {
		opts = append(opts, nats.UserInfo(o.User, o.Password.Reveal()))
	}
	if o.Token.IsSet() {
		opts = append(opts, nats.Token(o.Token.Reveal()))
	}
	if o.TLS != nil {
		opts = append(opts, nats.Secure(o.TLS))
	}
	nc, err := nats.Connect(o.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("%w at %s: %w", ErrUnreachable, o.place(), err)
	}
	return nc, nil
}

// place names the server without credentials that a URL may hold.
func (o Options) place() string {
	if o.Embedded != nil {
		return "the embedded server"
	}
	var hosts []string
	for u := range strings.SplitSeq(o.URL, ",") {
		if at := strings.LastIndex(u, "@"); at >= 0 {
			scheme, _, _ := strings.Cut(u, "://")
			u = scheme + "://" + u[at+1:]
		}
		hosts = append(hosts, strings.TrimSpace(u))
	}
	return strings.Join(hosts, ",")
}

func (c *Conn) open(ctx context.Context) error {
	if err := checkVersion(c.nc.ConnectedServerVersion()); err != nil {
		return err
	}
	js, err := jetstream.New(c.nc, jetstream.WithDefaultTimeout(requestTimeout))
	if err != nil {
		return err
	}
	c.js = js
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if _, err := js.AccountInfo(ctx); err != nil {
		return fmt.Errorf("JetStream at %s: %w: start nats-server with -js, and enable JetStream for the account", c.opts.place(), err)
	}
	return c.setUp(ctx)
}

func checkVersion(v string) error {
	parts := strings.SplitN(v, ".", 3)
	if len(parts) < 2 {
		return fmt.Errorf("nats-server version %q: want %d.%d or newer", v, minMajor, minMinor)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil || major < minMajor || (major == minMajor && minor < minMinor) {
		return fmt.Errorf("nats-server %s is too old: %d.%d or newer is needed, which can schedule messages (retries wait there)", v, minMajor, minMinor)
	}
	return nil
}

// Close ends the connection at once.
func (c *Conn) Close() {
	c.nc.SetDisconnectErrHandler(nil) // it is not lost
	c.nc.Close()
}

// Connected reports whether the connection stands now.
func (c *Conn) Connected() bool { return c.nc.IsConnected() }

// Names are the names in use.
func (c *Conn) Names() Names { return c.names }

// MaxPayload is the largest event that the server takes, in bytes.
func (c *Conn) MaxPayload() int64 { return c.nc.MaxPayload() }

// Ping asks the server for the event stream, to see whether it works.
func (c *Conn) Ping(ctx context.Context) error {
	if _, err := c.events.Info(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return nil
}
