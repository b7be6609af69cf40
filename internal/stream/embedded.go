package stream

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// EmbeddedOptions configures the NATS server inside this process.
type EmbeddedOptions struct {
	Dir string // where JetStream keeps its files; made if it is missing
	// Listen is the address for other clients; "" listens nowhere.
	Listen string
	// Log takes the server's warnings and errors; nil drops them.
	Log func(text string)
}

// Embedded is a NATS server inside this process.
type Embedded struct {
	server *server.Server
	lock   *os.File
}

const (
	embeddedName       = "casepush-embedded"
	embeddedMaxPayload = 8 << 20
	startTimeout       = 30 * time.Second
)

// StartEmbedded starts a server that writes to disk before it answers
// (sync_interval: always), since a lost intent is a duplicate incident.
func StartEmbedded(o EmbeddedOptions) (*Embedded, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded NATS server: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	opts := &server.Options{
		ServerName: embeddedName, JetStream: true, StoreDir: o.Dir, SyncAlways: true,
		MaxPayload: embeddedMaxPayload, NoSigs: true, NoLog: true, DontListen: o.Listen == "",
	}
	if o.Listen != "" {
		if opts.Host, opts.Port, err = hostPort(o.Listen); err != nil {
			return nil, errors.Join(err, lock.Close())
		}
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("embedded NATS server: %w", err), lock.Close())
	}
	if o.Log != nil {
		s.SetLoggerV2(serverLog{o.Log}, false, false, false)
	}
	s.Start()
	e := &Embedded{server: s, lock: lock}
	if !s.ReadyForConnections(startTimeout) {
		e.Stop()
		return nil, fmt.Errorf("embedded NATS server: not ready on %q within %s: is the address in use?", o.Listen, startTimeout)
	}
	return e, nil
}

// URL is where other clients connect; "" if it listens nowhere.
func (e *Embedded) URL() string {
	if a, ok := e.server.Addr().(*net.TCPAddr); ok && a != nil {
		return "nats://" + a.String()
	}
	return ""
}

// Err says why the server takes nothing any more; nil while it does. After an
// error of the disk, a full one for example, it freezes what it was writing to
// until it is started again.
func (e *Embedded) Err() error {
	if h := e.server.Healthz(&server.HealthzOptions{}); h.StatusCode >= http.StatusInternalServerError {
		return errors.New(h.Error)
	}
	return nil
}

// Stop ends the server after its files are closed.
func (e *Embedded) Stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	_ = e.lock.Close() // frees the lock
}

// lockDir keeps a second process away: the server takes no lock of its own,
// and two on one directory would destroy it.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "casepush.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded NATS server: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("embedded NATS server: directory %q is in use by another casepush: stop it, or set embedded.dir", dir)
	}
	return f, nil
}

func hostPort(listen string) (string, int, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("embedded.listen %q: want host:port", listen)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 0 || n > 65535 {
		return "", 0, fmt.Errorf("embedded.listen %q: %q is no port", listen, port)
	}
	if n == 0 {
		n = server.RANDOM_PORT
	}
	// A port that is taken makes the server end the process; find out first.
	if n > 0 {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			return "", 0, fmt.Errorf("embedded.listen %q: %w: is another NATS server there?", listen, err)
		}
		_ = l.Close()
	}
	return host, n, nil
}
