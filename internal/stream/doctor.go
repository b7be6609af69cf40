package stream

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ServerFacts is what a NATS server tells a client of itself and of our streams.
type ServerFacts struct {
	Place   string // where it was asked, without credentials
	Name    string
	Version string
	TooOld  string // why we refuse it; "" if we do not
	Cluster string // its name; "" for a single server
	// Servers are the names of servers that are seen as leaders or peers of our
	// streams, and of the one that answers.
	Servers []string
	// Embedded: it is casepush's own, which writes to disk before it answers.
	Embedded   bool
	MaxPayload int64 // in bytes

	JetStream bool
	Why       string // there is no JetStream; "" if there is
	Domain    string
	APILevel  int // 2 and higher know message schedules
	Account   AccountFacts
	Streams   []StreamFacts
	// Manage is what may be done about streams that are missing.
	Manage Manage
}

// AccountFacts are the limits of our account and what of them is used; a limit
// that is not above 0 is none.
type AccountFacts struct {
	StoreUsed               uint64 // bytes on disk
	MaxStore                int64
	Streams, MaxStreams     int
	Consumers, MaxConsumers int
	MaxStreamBytes          int64 // of one stream on disk
	MaxBytesRequired        bool  // streams without a limit of their own are refused
	APIErrors, APIRequests  uint64
}

// StreamFacts is how one of our streams stands.
type StreamFacts struct {
	Name    string
	Missing bool
	Unknown string // why it could not be asked for; "" if it could
	// Refused says in what it differs so that a worker does not start.
	Refused string
	// AgeKey is the key of the configuration whose value WantAge is; "" if none is.
	AgeKey          string
	MaxAge, WantAge time.Duration

	Replicas, WantReplicas             int
	Leader                             string // "" if there is none, or no cluster
	Clustered                          bool
	Peers                              []PeerFacts // besides the leader
	Storage, Retention, Discard        string
	Duplicates                         time.Duration
	Direct, Schedules                  bool
	MaxBytes, MaxMessages              int64
	Messages, Bytes, FirstSeq, LastSeq uint64
}

// PeerFacts is a server that keeps a copy of a stream.
type PeerFacts struct {
	Name             string
	Current, Offline bool
	Lag              uint64        // writes that it has not
	Seen             time.Duration // since it was last heard of
}

// Examine asks a server what it can promise and changes nothing. Errors are of
// the classes of Connect; what Connect would refuse besides is in the facts.
func Examine(ctx context.Context, o Options) (ServerFacts, error) {
	names, err := NewNames(o.Prefix)
	if err != nil {
		return ServerFacts{}, err
	}
	nc, err := dial(o)
	if err != nil {
		return ServerFacts{}, err
	}
	defer nc.Close()
	c := &Conn{names: names, nc: nc, opts: o}
	if c.js, err = jetstream.New(nc, jetstream.WithDefaultTimeout(requestTimeout)); err != nil {
		return ServerFacts{}, err
	}
	f := ServerFacts{
		Place: o.place(), Name: nc.ConnectedServerName(), Version: nc.ConnectedServerVersion(), Cluster: nc.ConnectedClusterName(),
		MaxPayload: nc.MaxPayload(), Manage: o.Manage,
	}
	f.Embedded = f.Name == embeddedName
	if err := checkVersion(f.Version); err != nil {
		f.TooOld = err.Error()
	}
	f.Servers = append(f.Servers, f.Name)
	return f, c.examine(ctx, &f)
}

func (c *Conn) examine(ctx context.Context, f *ServerFacts) error {
	asking, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	account, err := c.js.AccountInfo(asking)
	if err != nil {
		class := c.setupClass(err)
		if errors.Is(class, ErrUnfit) {
			f.Why = class.Error()
			return nil
		}
		return errors.Join(class, err)
	}
	f.JetStream, f.Domain, f.APILevel, f.Account = true, account.Domain, account.API.Level, accountFacts(account)
	for _, m := range c.managed() {
		s := c.examineStream(ctx, m)
		for _, name := range s.servers() {
			f.see(name)
		}
		f.Streams = append(f.Streams, s)
	}
	return ctx.Err()
}

// accountFacts sums up the tiers of an account that has them by replicas.
func accountFacts(a *jetstream.AccountInfo) AccountFacts {
	f := AccountFacts{
		StoreUsed: a.Store, MaxStore: a.Limits.MaxStore, Streams: a.Streams, MaxStreams: a.Limits.MaxStreams,
		Consumers: a.Consumers, MaxConsumers: a.Limits.MaxConsumers, MaxStreamBytes: a.Limits.StoreMaxStreamBytes,
		MaxBytesRequired: a.Limits.MaxBytesRequired, APIErrors: a.API.Errors, APIRequests: a.API.Total,
	}
	for _, t := range a.Tiers {
		f.MaxBytesRequired = f.MaxBytesRequired || t.Limits.MaxBytesRequired
	}
	return f
}

func (c *Conn) examineStream(ctx context.Context, m managed) StreamFacts {
	f := StreamFacts{Name: m.config.Name, WantReplicas: c.replicas(), AgeKey: m.age.key, WantAge: m.age.value}
	s, err := c.find(ctx, m.config.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		f.Missing = true
		return f
	case err != nil:
		f.Unknown = errors.Join(c.setupClass(err), err).Error()
		return f
	}
	info := s.CachedInfo()
	have := info.Config
	if err := differences(have, m.config); err != nil {
		f.Refused = err.Error()
	}
	f.MaxAge, f.Replicas, f.Duplicates = have.MaxAge, have.Replicas, have.Duplicates
	f.Storage, f.Retention, f.Discard = have.Storage.String(), have.Retention.String(), have.Discard.String()
	f.Direct, f.Schedules, f.MaxBytes, f.MaxMessages = have.AllowDirect, have.AllowMsgSchedules, have.MaxBytes, have.MaxMsgs
	f.Messages, f.Bytes, f.FirstSeq, f.LastSeq = info.State.Msgs, info.State.Bytes, info.State.FirstSeq, info.State.LastSeq
	if info.Cluster != nil {
		f.Clustered, f.Leader = info.Cluster.Name != "", info.Cluster.Leader
		for _, p := range info.Cluster.Replicas {
			f.Peers = append(f.Peers, PeerFacts{Name: p.Name, Current: p.Current, Offline: p.Offline, Lag: p.Lag, Seen: p.Active})
		}
	}
	return f
}

// servers are those that the stream is on, as far as they are named.
func (f StreamFacts) servers() []string {
	names := []string{f.Leader}
	for _, p := range f.Peers {
		names = append(names, p.Name)
	}
	return names
}

// see adds a server's name once.
func (f *ServerFacts) see(name string) {
	if name != "" && !slices.Contains(f.Servers, name) {
		f.Servers = append(f.Servers, name)
	}
}
