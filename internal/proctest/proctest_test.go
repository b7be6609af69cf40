package proctest_test

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/proctest"
)

func TestServerKeepsPortAndStoreOverAKill(t *testing.T) {
	t.Parallel()
	server := proctest.StartNATS(t, proctest.NATSOptions{})
	nc, js := connect(t, server.URL())
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	node := server.Nodes[0]
	node.Kill()
	if node.Process().Running() {
		t.Error("runs after it was killed")
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	_, js = connect(t, server.URL())
	s, err := js.Stream(t.Context(), "S")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.GetMsg(t.Context(), 1); err != nil || string(m.Data) != "kept" {
		t.Errorf("after the restart: %v, %v", m, err)
	}
}

func TestClusterOfThree(t *testing.T) {
	t.Parallel()
	servers := proctest.StartNATS(t, proctest.NATSOptions{Nodes: 3})
	if n := strings.Count(servers.URL(), "nats://127.0.0.1:"); n != 3 {
		t.Fatalf("URL %s, want three", servers.URL())
	}
	_, js := connect(t, servers.URL())
	end := time.After(proctest.StartTimeout)
	for {
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}, Replicas: 3})
		if err == nil {
			return
		}
		select {
		case <-end:
			t.Fatal(err)
		case <-time.After(100 * time.Millisecond): // no leader yet
		}
	}
}

func connect(t *testing.T, url string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// TestMain makes this binary the child of the tests below.
func TestMain(m *testing.M) {
	if os.Getenv("PROCTEST_CHILD") != "" {
		for {
			_, _ = io.WriteString(os.Stdout, "still here\n")
			<-time.After(10 * time.Millisecond)
		}
	}
	os.Exit(m.Run())
}

func TestSuspendedProcessSaysNothing(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	lines := &counter{grew: make(chan struct{}, 1)}
	p, err := proctest.Start(proctest.Command{Program: self, Output: lines, Environ: []string{"PROCTEST_CHILD=1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	<-lines.grew
	if err := p.Suspend(); err != nil {
		t.Fatal(err)
	}
	for quiet := false; !quiet; { // what was written before may still come
		select {
		case <-lines.grew:
		case <-time.After(200 * time.Millisecond):
			quiet = true
		}
	}
	if !p.Running() {
		t.Fatal("a suspended process has ended")
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	<-lines.grew
	p.Kill()
	if p.Running() {
		t.Error("runs after it was killed")
	}
}

// counter tells that something was written.
type counter struct{ grew chan struct{} }

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	select {
	case c.grew <- struct{}{}:
	default:
	}
	return len(b), nil
}

func TestLinesFindsATextAcrossWrites(t *testing.T) {
	t.Parallel()
	l := proctest.NewLines(io.Discard, "ready")
	for _, part := range []string{"not yet\nre", "ad"} {
		_, _ = io.WriteString(l, part)
	}
	select {
	case <-l.Found():
		t.Error("found in an unfinished line")
	default:
	}
	_, _ = io.WriteString(l, "y\n")
	select {
	case <-l.Found():
	default:
		t.Error("not found")
	}
}
