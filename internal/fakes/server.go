package fakes

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
)

// ServerOptions describes a [Server].
type ServerOptions struct {
	// Listen is host:port; "" is 127.0.0.1 with a free port. There is no
	// protection beyond the fakes' own credentials: whoever reaches it can set
	// faults and read the state.
	Listen string
	// Fakes by the first part of the path: "kibana" serves /kibana/….
	Fakes map[string]Fake
	// Faults are initial rules by the name of the fake.
	Faults map[string][]Rule
}

// Server serves several fakes on one port, each under a path of its own with
// its own control routes: /kibana/api/status, /kibana/__faults. GET / lists
// the addresses.
type Server struct {
	listener net.Listener
	names    []string // sorted
	http     *http.Server
}

// Listen opens the port; requests wait until [Server.Serve]. An error names
// what is wrong in the options.
func Listen(opts ServerOptions) (*Server, error) {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	for _, name := range slices.Sorted(maps.Keys(opts.Faults)) {
		fake, ok := opts.Fakes[name]
		if !ok {
			return nil, fmt.Errorf("faults for %q: there is no such fake; there are %q", name, slices.Sorted(maps.Keys(opts.Fakes)))
		}
		if _, err := fake.Faults().Add(opts.Faults[name]...); err != nil {
			return nil, fmt.Errorf("faults for %q: %w", name, err)
		}
	}
	listener, err := net.Listen("tcp", opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", opts.Listen, err)
	}
	s := &Server{listener: listener, names: slices.Sorted(maps.Keys(opts.Fakes))}
	mux := http.NewServeMux()
	for name, fake := range opts.Fakes {
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, fake))
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, http.StatusOK, s.URLs()) })
	// No write timeout: a rule may delay an answer for as long as it likes.
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return s, nil
}

// URL is the address of a fake, without a trailing slash.
func (s *Server) URL(name string) string { return "http://" + s.listener.Addr().String() + "/" + name }

// URLs are the addresses of all fakes by name.
func (s *Server) URLs() map[string]string {
	urls := make(map[string]string, len(s.names))
	for _, name := range s.names {
		urls[name] = s.URL(name)
	}
	return urls
}

// Serve serves until ctx ends, then closes all connections, running requests
// included, and returns nil. It can be called once.
func (s *Server) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = s.http.Close() })
	defer stop()
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve fakes: %w", err)
	}
	return nil
}

// Close closes the port, for a server that never served.
func (s *Server) Close() error {
	return errors.Join(s.http.Close(), ignoreClosed(s.listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Serve is [Listen] and [Server.Serve] in one; ready is called with the
// addresses once the port is open.
func Serve(ctx context.Context, opts ServerOptions, ready func(urls map[string]string)) error {
	s, err := Listen(opts)
	if err != nil {
		return err
	}
	if ready != nil {
		ready(s.URLs())
	}
	return s.Serve(ctx)
}
