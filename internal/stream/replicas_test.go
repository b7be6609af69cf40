package stream_test

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/proctest"
	"github.com/casepush/casepush/internal/stream"
)

// startCluster runs three servers until the test ends, and returns the address
// of one.
func startCluster(t *testing.T) string {
	t.Helper()
	const n = 3
	var ports []int
	var routes []*url.URL
	addrs, err := proctest.FreeAddrs(n)
	must(t, err)
	for _, addr := range addrs {
		at, err := net.ResolveTCPAddr("tcp", addr)
		must(t, err)
		ports = append(ports, at.Port)
		routes = append(routes, &url.URL{Scheme: "nats", Host: addr})
	}
	var servers []*server.Server
	for i := range n {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: filepath.Join(t.TempDir(), "js"), Routes: routes,
			Cluster: server.ClusterOpts{Name: "east", Host: "127.0.0.1", Port: ports[i]},
		})
		must(t, err)
		go s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		servers = append(servers, s)
	}
	eventually(t, "a cluster", func() bool {
		led := 0
		for _, s := range servers {
			if !s.ReadyForConnections(10*time.Millisecond) || !s.JetStreamIsCurrent() {
				return false
			}
			if s.JetStreamIsLeader() {
				led = len(s.JetStreamClusterPeers())
			}
		}
		return led == n
	})
	return servers[0].ClientURL()
}

// replicate gives the streams that are read directly three replicas, and leaves
// direct reads on.
func replicate(t *testing.T, c *stream.Conn) []jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(c.NC())
	must(t, err)
	var streams []jetstream.Stream
	for _, name := range []string{c.Names().Events(), "KV_" + c.Names().Ledger()} {
		s := c.Stream(t, name)
		config := s.CachedInfo().Config
		config.Replicas, config.AllowDirect = 3, true
		_, err := js.UpdateStream(t.Context(), config)
		must(t, err)
		streams = append(streams, s)
	}
	return streams
}

// directReads counts those of others from now on.
func directReads(t *testing.T, url string) *atomic.Int64 {
	t.Helper()
	nc, err := nats.Connect(url)
	must(t, err)
	t.Cleanup(nc.Close)
	n := new(atomic.Int64)
	_, err = nc.Subscribe("$JS.API.DIRECT.GET.>", func(*nats.Msg) { n.Add(1) })
	must(t, err)
	must(t, nc.Flush())
	return n
}

// TestReplicasAreRaised: somebody gives a stream replicas and leaves direct reads
// on, while workers run and before one starts.
func TestReplicasAreRaised(t *testing.T) {
	t.Parallel()
	url := startCluster(t)
	c := connect(t, stream.Options{URL: url})
	seq := publish(t, c, snapshot("c-1", "One"))
	publish(t, c, snapshot("c-1", "Two"))
	key := ledger.Key{Connector: "soc-jira", Space: "default", Case: "c-1"}
	_, _, err := ledger.Write(t.Context(), c.Ledger(), key, ledger.Entry{Epoch: 1}, 0)
	must(t, err)
	read := func(c *stream.Conn) {
		t.Helper()
		mails, head, err := c.Events(t.Context(), "default", "c-1", 0, 10)
		if err != nil || len(mails) != 2 || head.Seq != seq+1 {
			t.Errorf("%d events, head %+v, %v", len(mails), head, err)
		}
		if e, _, err := c.Ledger().Get(t.Context(), key); err != nil || e.Epoch != 1 {
			t.Errorf("entry %+v, %v", e, err)
		}
	}
	none := connect(t, stream.Options{URL: url, Manage: stream.None})
	direct := directReads(t, url)
	read(none)
	eventually(t, "direct reads of one replica", func() bool { return direct.Load() >= 2 })

	streams := replicate(t, c)
	if _, err := stream.Connect(t.Context(), stream.Options{URL: url, Manage: stream.Verify}); err == nil {
		t.Error("a stream that replicas answer for is not refused")
	}
	if turned, err := none.CheckReads(t.Context()); err != nil || len(turned) > 0 {
		t.Errorf("%q were changed, %v, though nothing may be", turned, err)
	}
	direct = directReads(t, url)
	read(none)
	must(t, none.NC().Flush())
	if n := direct.Load(); n > 0 {
		t.Errorf("%d reads of several replicas are direct", n)
	}

	off := func() bool {
		return !slices.ContainsFunc(streams, func(s jetstream.Stream) bool {
			info, err := s.Info(t.Context())
			return err != nil || info.Config.AllowDirect || info.Config.Replicas != 3
		})
	}
	turned, err := c.CheckReads(t.Context())
	if err != nil || len(turned) != 2 || !off() {
		t.Errorf("direct reads of %q were turned off, %v", turned, err)
	}
	read(c)
	replicate(t, c)
	read(connect(t, stream.Options{URL: url})) // a start with nats.manage: create
	if !off() {
		t.Error("a start leaves direct reads on")
	}
	read(c)
}
