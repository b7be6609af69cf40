package proctest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// NATSOptions say which servers to start.
type NATSOptions struct {
	Binary string // of nats-server; empty: it is built
	// Dir takes configuration, store and log. Empty: a folder of the test.
	Dir string
	// Nodes is 1 or 3; 0 is 1. Three form one cluster.
	Nodes int
	// LazySync leaves the server's default: data is flushed to the disk every
	// two minutes. Otherwise each write is there before it is answered.
	LazySync bool
}

// NATS is one nats-server or a cluster of three, each a process of its own, on
// loopback ports that it keeps over restarts.
type NATS struct {
	// Nodes in a fixed order.
	Nodes []*NATSNode
}

// URL names all nodes, as nats.Connect and the worker's nats.url take it.
func (n *NATS) URL() string {
	urls := make([]string, len(n.Nodes))
	for i, node := range n.Nodes {
		urls[i] = node.URL()
	}
	return strings.Join(urls, ",")
}

// NATSNode is one server. Its methods may be called from several goroutines.
type NATSNode struct {
	// Name is "n1", "n2" or "n3".
	Name         string
	client, peer int // ports
	dir, binary  string
	clustered    bool

	mu      sync.Mutex
	process *Process
}

// URL is where clients connect.
func (n *NATSNode) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", n.client) }

// LogPath is the file that has all that the node has said.
func (n *NATSNode) LogPath() string { return filepath.Join(n.dir, n.Name+".log") }

// Process is the one that runs now, or has run last.
func (n *NATSNode) Process() *Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

// Kill ends the server with SIGKILL; its store stays.
func (n *NATSNode) Kill() { n.Process().Kill() }

// Start starts the server again after [NATSNode.Kill] and returns when it is
// ready for clients; in a cluster, when it knows the leader. Its copies of the
// streams may still be behind then.
func (n *NATSNode) Start() error {
	log, err := os.OpenFile(n.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	text := "Server is ready"
	if n.clustered {
		text = "metadata leader" // by the leader and by whoever hears of it, later
	}
	ready := NewLines(log, text)
	p, err := Start(Command{Program: n.binary, Args: []string{"-c", filepath.Join(n.dir, n.Name+".conf")}, Output: ready})
	if err != nil {
		_ = log.Close()
		return err
	}
	go func() {
		<-p.Ended()
		_ = log.Close()
	}()
	n.mu.Lock()
	n.process = p
	n.mu.Unlock()
	return p.Await(ready)
}

// portTries is how often a server is started on other ports, should somebody
// else have taken one meanwhile.
const portTries = 5

// StartNATS starts the servers and kills them when the test ends. A cluster has
// elected its leader, but may refuse the first streams for a moment.
func StartNATS(t testing.TB, o NATSOptions) *NATS {
	t.Helper()
	if o.Binary == "" {
		o.Binary = BuildNATS(t)
	}
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	var err error
	for range portTries {
		var n *NATS
		if n, err = o.start(t); err == nil {
			return n
		}
	}
	t.Fatalf("start nats-server: %v", err)
	return nil
}

// start writes the configurations and starts all nodes: those of a cluster are
// ready only together.
func (o NATSOptions) start(t testing.TB) (*NATS, error) {
	n, err := o.nodes()
	if err != nil {
		return nil, err
	}
	results := make(chan error, len(n.Nodes))
	for _, node := range n.Nodes {
		if err := os.WriteFile(filepath.Join(o.Dir, node.Name+".conf"), []byte(o.config(n, node)), 0o600); err != nil {
			return nil, err
		}
		go func() { results <- node.Start() }()
	}
	for range n.Nodes {
		if failed := <-results; failed != nil {
			err = failed
		}
	}
	for _, node := range n.Nodes {
		if p := node.Process(); p != nil {
			t.Cleanup(node.Kill)
			if err != nil {
				p.Kill()
			}
		}
	}
	return n, err
}

func (o NATSOptions) nodes() (*NATS, error) {
	n := &NATS{}
	for i := range max(1, o.Nodes) {
		ports, err := freePorts(2)
		if err != nil {
			return nil, err
		}
		n.Nodes = append(n.Nodes, &NATSNode{
			Name: fmt.Sprintf("n%d", i+1), client: ports[0], peer: ports[1], dir: o.Dir, binary: o.Binary,
			clustered: o.Nodes > 1,
		})
	}
	return n, nil
}

func (o NATSOptions) config(n *NATS, node *NATSNode) string {
	var b strings.Builder
	fmt.Fprintf(&b, "server_name: %s\nlisten: \"127.0.0.1:%d\"\n", node.Name, node.client)
	fmt.Fprintf(&b, "jetstream {\n  store_dir: %q\n", filepath.Join(o.Dir, node.Name))
	if !o.LazySync {
		b.WriteString("  sync_interval: always\n")
	}
	b.WriteString("}\n")
	if len(n.Nodes) == 1 {
		return b.String()
	}
	fmt.Fprintf(&b, "cluster {\n  name: casepush-test\n  listen: \"127.0.0.1:%d\"\n  routes: [\n", node.peer)
	for _, other := range n.Nodes {
		fmt.Fprintf(&b, "    nats://127.0.0.1:%d\n", other.peer)
	}
	b.WriteString("  ]\n}\n")
	return b.String()
}

// Ports for servers lie below those that Linux gives to outgoing connections
// (32768 and up): a server that restarts finds its port free.
const firstPort, lastPort = 20_000, 32_000

// freePorts returns n different ports that nobody listens on at the moment.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range 100 * n {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer l.Close() // held until all are found, so that none comes twice
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("find %d free ports on 127.0.0.1 from %d to %d: all taken", n, firstPort, lastPort)
}

// FreeAddrs returns n different addresses on loopback that nobody listens on at
// the moment.
func FreeAddrs(n int) ([]string, error) {
	ports, err := freePorts(n)
	if err != nil {
		return nil, err
	}
	addrs := make([]string, n)
	for i, port := range ports {
		addrs[i] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return addrs, nil
}

// FreeAddr returns an address on loopback that nobody listens on at the
// moment, for a server that goes away and comes back.
func FreeAddr(t testing.TB) string {
	t.Helper()
	addrs, err := FreeAddrs(1)
	if err != nil {
		t.Fatal(err)
	}
	return addrs[0]
}
