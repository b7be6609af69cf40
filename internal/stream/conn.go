package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/secret"
)

// Classes of what Connect returns.
var (
	// ErrUnreachable: NATS does not answer, or not now.
	ErrUnreachable = errors.New("NATS is out of reach")
	// ErrRefused: NATS answers and does not let us in, or not do what we need.
	ErrRefused = errors.New("NATS refuses")
	// ErrUnfit: NATS answers, and what is there cannot be used as it is: too
	// old, without JetStream or TLS, or streams that are missing or differ.
	ErrUnfit = errors.New("NATS is not fit")
)

// Manage says what may be done about streams and buckets; "" is Create.
type Manage string

// Ways to manage.
const (
	// Create makes what is missing, sets the retention of results and dead
	// letters, and turns direct reads off where there are several replicas. A difference that could lose or mix up messages is an error.
	Create Manage = "create"
	// Verify changes nothing: what is missing or differs, in retention or so
	// that messages could be lost or mixed up, is an error.
	Verify Manage = "verify"
	// None changes and compares nothing: only what is missing is an error.
	None Manage = "none"
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
	// Retention: a zero value is what a stream has that is there already, and
	// else the default.
	Retention Retention
	// OnState hears of lost and regained connections; may be nil.
	OnState func(connected bool, err error)
	// Name is shown in the server's list of connections.
	Name string
}

// Conn is a connection to NATS with all of casepush's streams. Safe for
// concurrent use.
type Conn struct {
	names   Names
	nc      *nats.Conn
	js      jetstream.JetStream
	events  jetstream.Stream
	work    jetstream.Stream
	results jetstream.Stream
	dlq     jetstream.Stream
	ledger  jetstream.Stream
	config  jetstream.Stream
	opts    Options

	ledgerWrites, workWrites, resultWrites, singleWrites *committer

	incarnation atomic.Pointer[string] // of the event stream
	decoded     decodedEvents
	ledgerSeen  atomic.Uint64         // the highest revision that was seen
	distrusted  atomic.Pointer[trust] // what is known of restored ledgers; nil is nothing
	rescued     chan Rescued          // what was found when a queue was begun to be worked on
}

const (
	connectTimeout = 5 * time.Second
	requestTimeout = 5 * time.Second
	setupTimeout   = 30 * time.Second
	minMajor       = 2
	minMinor       = 12
)

// Connect connects once, checks the server and sets up the streams. An error
// that wraps ErrUnreachable may pass; any other will not by itself: it wraps
// ErrRefused, ErrUnfit, or neither if the options are wrong. A connection that
// is lost later is regained for as long as it takes.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	names, err := NewNames(o.Prefix)
	if err != nil {
		return nil, err
	}
	nc, err := dial(o)
	if err != nil {
		return nil, err
	}
	c := &Conn{names: names, nc: nc, opts: o, rescued: make(chan Rescued, 64)}
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
		if err := checkCreds(o.Creds); err != nil {
			return nil, err
		}
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
		return nil, fmt.Errorf("%w at %s: %w", dialClass(err), o.place(), err)
	}
	return nc, nil
}

// dialClass is the class of an error of nats.Connect.
func dialClass(err error) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case isAny(err, nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired, nats.ErrNkeysNotSupported):
		return ErrRefused
	case errors.As(err, &certificate), errors.Is(err, nats.ErrSecureConnWanted):
		return ErrUnfit
	}
	return ErrUnreachable
}

// checkCreds reads a credentials file before the client does, whose errors
// cannot be told from those of the network.
func checkCreds(path string) error {
	if _, err := nats.NkeyOptionFromSeed(path); err != nil { // reads and checks the key in it
		return fmt.Errorf("nats.creds %q: %w", path, err)
	}
	return nil
}

// setupClass is the class of an error of JetStream. A request that a user has
// no right to make is never answered: the server tells of it beside.
func (c *Conn) setupClass(err error) error {
	var api *jetstream.APIError
	switch {
	case isAny(err, context.DeadlineExceeded, nats.ErrTimeout) && errors.Is(c.nc.LastError(), nats.ErrPermissionViolation):
		return fmt.Errorf("%w: %w", ErrRefused, c.nc.LastError())
	case isAny(err, jetstream.ErrJetStreamNotEnabled, jetstream.ErrJetStreamNotEnabledForAccount):
		return fmt.Errorf("%w: start nats-server with -js, and enable JetStream for the account", ErrUnfit)
	case isAny(err, context.Canceled, context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionClosed, nats.ErrConnectionReconnecting),
		errors.As(err, &api) && api.Code == http.StatusServiceUnavailable: // no leader now
		return ErrUnreachable
	}
	return ErrUnfit
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
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
	if err := c.askAccount(ctx); err != nil {
		return fmt.Errorf("JetStream at %s: %w: %w", c.opts.place(), c.setupClass(err), err)
	}
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	if err := c.setUp(ctx); err != nil {
		return fmt.Errorf("%w: %w", c.setupClass(err), err)
	}
	return nil
}

// askAccount asks whether there is JetStream. A user without the right to ask
// gets no answer, so it waits for less than for the streams.
func (c *Conn) askAccount(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	_, err := c.js.AccountInfo(ctx)
	return err
}

func checkVersion(v string) error {
	parts := strings.SplitN(v, ".", 3)
	if len(parts) < 2 {
		return fmt.Errorf("%w: nats-server version %q: want %d.%d or newer", ErrUnfit, v, minMajor, minMinor)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil || major < minMajor || (major == minMajor && minor < minMinor) {
		return fmt.Errorf("%w: nats-server %s is too old: %d.%d or newer is needed, which can schedule messages (retries wait there)", ErrUnfit, v, minMajor, minMinor)
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
