package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// messages counts those of a stream.
func messages(t *testing.T, nc *nats.Conn, name string) uint64 {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

// holdDirVariable makes the test binary a second casepush on a directory.
const holdDirVariable = "CASEPUSH_TEST_HOLD_DIR"

// TestMain runs the tests, or the second process of TestEmbeddedLock.
func TestMain(m *testing.M) {
	if dir := os.Getenv(holdDirVariable); dir != "" {
		holdDir(dir)
		return
	}
	m.Run()
}

// holdDir runs a server on dir until its input ends.
func holdDir(dir string) {
	s, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Stop()
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestEmbeddedLock: two processes on one directory would destroy it.
func TestEmbeddedLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), holdDirVariable+"="+dir)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	var line string
	if _, err := fmt.Fscanln(out, &line); err != nil || line != "ready" {
		t.Fatalf("second process: %q, %v", line, err)
	}
	_, err = stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q is in use by another casepush", dir)) {
		t.Errorf("while another process has it: %v", err)
	}
	_ = in.Close()
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	s, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir})
	if err != nil {
		t.Fatalf("after it ended: %v", err)
	}
	s.Stop()
}

func TestEmbeddedAddress(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	for listen, want := range map[string]string{
		l.Addr().String():  "address already in use",
		"127.0.0.1":        "want host:port",
		"127.0.0.1:nats":   `"nats" is no port`,
		"127.0.0.1:99999":  `"99999" is no port`,
		"203.0.113.1:4222": "cannot assign requested address",
	} {
		_, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir, Listen: listen})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("embedded.listen %q", listen)) {
			t.Errorf("%q: %v, want %q", listen, err, want)
		}
	}
	// A refusal leaves the directory free.
	if s := startServer(t, stream.EmbeddedOptions{Dir: dir}); s.URL() != "" {
		t.Errorf("listens on %q, asked for nothing", s.URL())
	}
	file := dir + "/a-file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: file}); err == nil {
		t.Error("a file as directory was taken")
	}
}

// TestEmbeddedKeeps: everything is there after a restart, under the same
// incarnation, and nothing that was acknowledged comes again.
func TestEmbeddedKeeps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, stream.Options{Embedded: server})
	key := ledger.Key{Connector: "soc.jira", Space: "default", Case: "a"}
	entry, rev, err := ledger.Write(t.Context(), c.Ledger(), key, ledger.Entry{Epoch: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	incarnation, since := c.Incarnation(), c.Ledger().Since()
	seq := publish(t, c, snapshot("a", "one"))
	got, r := consume(t, c, "soc.jira", done)
	putJob(t, c, job(c, "soc.jira", "a", 1))
	receive(t, "job", got)
	empty(t, c)
	r.end()
	putJob(t, c, job(c, "soc.jira", "b", 2))
	if err := c.DeadLetters().Put(t.Context(), letter("soc.jira", "a", 7)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	server.Stop()

	c = connect(t, stream.Options{Embedded: startServer(t, stream.EmbeddedOptions{Dir: dir})})
	if c.Incarnation() != incarnation || !c.Ledger().Since().Equal(since) {
		t.Errorf("incarnation %q since %s, was %q since %s", c.Incarnation(), c.Ledger().Since(), incarnation, since)
	}
	if e, at, err := c.Ledger().Get(t.Context(), key); err != nil || at != rev || e.Write != entry.Write || e.Epoch != 3 {
		t.Errorf("entry %+v, revision %d, %v", e, at, err)
	}
	if mails, head, err := c.Events(t.Context(), "default", "a", 0, 10); err != nil || len(mails) != 1 || head.Seq != seq {
		t.Errorf("events: %+v, %+v, %v", mails, head, err)
	}
	wantLetters(t, c, "soc.jira/a/7")
	if queues, err := c.Queues(t.Context()); err != nil || len(queues) != 1 || queues[0] != "soc.jira" {
		t.Errorf("queues: %q, %v", queues, err)
	}
	got, _ = consume(t, c, "soc.jira", done)
	if d := receive(t, "job", got); d.job.Case != "b" {
		t.Errorf("job %+v, want the one that was not done", d.job)
	}
	empty(t, c)
}

// TestReconnect: a server that goes away is told of, and found again with
// everything that it had; consumers go on by themselves.
func TestReconnect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimPrefix(server.URL(), "nats://")
	states := make(chan bool, 64)
	c := connect(t, stream.Options{URL: server.URL(), OnState: func(up bool, _ error) { states <- up }})
	got, _ := consume(t, c, "soc-jira", done)
	putJob(t, c, job(c, "soc-jira", "a", 1))
	receive(t, "job", got)
	empty(t, c)

	server.Stop()
	if up := receive(t, "loss of the connection", states); up || c.Connected() {
		t.Errorf("the server is gone: state %t, connected %t", up, c.Connected())
	}
	if err := c.Ping(t.Context()); !errors.Is(err, stream.ErrUnreachable) {
		t.Errorf("Ping: %v", err)
	}
	if err := c.PutJob(t.Context(), job(c, "soc-jira", "b", 2)); err == nil {
		t.Error("a job was taken by nobody")
	}
	startServer(t, stream.EmbeddedOptions{Dir: dir, Listen: address})
	if up := receive(t, "new connection", states); !up {
		t.Error("another loss")
	}
	eventually(t, "answer", func() bool { return c.Ping(t.Context()) == nil })
	putJob(t, c, job(c, "soc-jira", "c", 3))
	if d := receive(t, "job after the restart", got); d.job.Case != "c" {
		t.Errorf("job %+v: what was refused came all the same", d.job)
	}
	empty(t, c)
}

// TestConnectRefusals: the reason, and where, without credentials.
func TestConnectRefusals(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = stream.Connect(t.Context(), stream.Options{URL: "nats://user:canary-password@" + address})
	if !errors.Is(err, stream.ErrUnreachable) || !strings.Contains(err.Error(), "nats://"+address) || strings.Contains(err.Error(), "canary") {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := stream.Connect(t.Context(), stream.Options{URL: "nats://" + address, Prefix: "a.b"}); err == nil || !strings.Contains(err.Error(), `prefix "a.b"`) {
		t.Errorf("bad prefix: %v", err)
	}
}

// TestManage: who may not create streams is told what is missing; who verifies
// is told what is wrong, and finds nothing wrong with what we create.
func TestManage(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{Listen: "127.0.0.1:0"})
	for _, manage := range []stream.Manage{stream.Verify, stream.None} {
		_, err := stream.Connect(t.Context(), stream.Options{Embedded: server, Manage: manage})
		if err == nil || errors.Is(err, stream.ErrUnreachable) || !strings.Contains(err.Error(), "stream CASEPUSH_EVENTS") || !strings.Contains(err.Error(), "nats.manage") {
			t.Errorf("%s: %v", manage, err)
		}
	}
	connect(t, stream.Options{Embedded: server, Manage: stream.Create})
	for _, manage := range []stream.Manage{stream.Create, stream.Verify, stream.None} {
		connect(t, stream.Options{Embedded: server, Manage: manage})
	}
	js, err := jetstream.New(client(t, server))
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "CASEPUSH_EVENTS")
	if err != nil {
		t.Fatal(err)
	}
	config := s.CachedInfo().Config
	config.Discard = jetstream.DiscardOld
	if _, err := js.UpdateStream(context.WithoutCancel(t.Context()), config); err != nil {
		t.Fatal(err)
	}
	for _, manage := range []stream.Manage{stream.Create, stream.Verify} {
		_, err := stream.Connect(t.Context(), stream.Options{Embedded: server, Manage: manage})
		if err == nil || !strings.Contains(err.Error(), "stream CASEPUSH_EVENTS: discard is old") {
			t.Errorf("%s: %v", manage, err)
		}
	}
	connect(t, stream.Options{Embedded: server, Manage: stream.None})
}

// TestPrefix: two installations on one server do not meet.
func TestPrefix(t *testing.T) {
	t.Parallel()
	server := startServer(t, stream.EmbeddedOptions{})
	a, b := connect(t, stream.Options{Embedded: server, Prefix: "a"}), connect(t, stream.Options{Embedded: server, Prefix: "b"})
	publish(t, a, snapshot("c-1", "one"))
	putJob(t, a, job(a, "soc-jira", "c-1", 1))
	if mails, _, err := b.Events(t.Context(), "default", "c-1", 0, 10); err != nil || len(mails) != 0 {
		t.Errorf("events of the other: %+v, %v", mails, err)
	}
	if queues, err := b.Queues(t.Context()); err != nil || len(queues) != 0 {
		t.Errorf("queues of the other: %q, %v", queues, err)
	}
	got, _ := consume(t, a, "soc-jira", done)
	if d := receive(t, "job", got); d.job.Case != "c-1" || d.job.Format != push.Format {
		t.Errorf("job %+v", d.job)
	}
}
