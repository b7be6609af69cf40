package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/stream"
	"github.com/casepush/casepush/internal/telemetry"
)

func (a *app) doctorNATS(ctx context.Context, cfg *config.Config, f *doctorFlags) ([]ops.Finding, error) {
	facts, err := examineNATS(ctx, cfg)
	if err != nil {
		return nil, err
	}
	var monitors []ops.Monitor
	for _, address := range f.monitors {
		monitors = append(monitors, askMonitor(ctx, address))
	}
	return ops.ExamineNATS(facts, monitors), nil
}

// examineNATS looks at the server that the other commands would use. It starts
// an embedded one only on files that are there.
func examineNATS(ctx context.Context, cfg *config.Config) (stream.ServerFacts, error) {
	opts, err := streamOptions(cfg, telemetry.Nop())
	if err != nil {
		return stream.ServerFacts{}, err
	}
	opts.OnState = nil
	opts.Retention = stream.Retention(cfg.NATS.Retention)
	if cfg.UsesEmbedded() && cfg.Embedded.Listen != "" {
		opts.URL = "nats://" + cfg.Embedded.Listen
	}
	if opts.URL != "" {
		facts, err := stream.Examine(ctx, opts)
		switch {
		case err == nil:
			return facts, nil
		case !cfg.UsesEmbedded() || !errors.Is(err, stream.ErrUnreachable):
			return facts, noConnection(err)
		}
	}
	return examineFiles(ctx, cfg, opts)
}

// examineFiles starts the embedded server for as long as it is looked at.
func examineFiles(ctx context.Context, cfg *config.Config, opts stream.Options) (stream.ServerFacts, error) {
	if _, err := os.Stat(cfg.Embedded.Dir); errors.Is(err, os.ErrNotExist) {
		return stream.ServerFacts{}, fail(exitUnreachable, fmt.Errorf("no worker runs at %q, and the embedded server has no files at %q yet", cfg.Embedded.Listen, cfg.Embedded.Dir),
			"start casepush run once, or set nats.url")
	}
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: cfg.Embedded.Dir})
	if err != nil {
		return stream.ServerFacts{}, fail(exitUnreachable, err, "")
	}
	defer server.Stop()
	opts.URL, opts.Embedded = "", server
	facts, err := stream.Examine(ctx, opts)
	if err != nil {
		return facts, noConnection(err)
	}
	return facts, nil
}

const (
	monitorTimeout = 5 * time.Second
	maxMonitor     = 8 << 20 // bytes of an answer
)

// askMonitor asks a monitoring endpoint of nats-server:
// https://docs.nats.io/running-a-nats-service/nats_admin/monitoring.
func askMonitor(ctx context.Context, address string) ops.Monitor {
	m := ops.Monitor{URL: withoutUser(address)}
	var server struct {
		Name    string `json:"server_name"`
		Version string `json:"version"`
	}
	var jetStream struct {
		Disabled bool   `json:"disabled"`
		Used     uint64 `json:"storage"`
		Config   struct {
			StoreDir     string        `json:"store_dir"`
			MaxStore     int64         `json:"max_storage"`
			SyncAlways   bool          `json:"sync_always"`
			SyncInterval time.Duration `json:"sync_interval"`
		} `json:"config"`
	}
	for path, into := range map[string]any{"varz": &server, "jsz": &jetStream} {
		if err := getJSON(ctx, address, path, into); err != nil {
			m.Err = err.Error()
			return m
		}
	}
	m.ServerName, m.Version, m.JetStream = server.Name, server.Version, !jetStream.Disabled && jetStream.Config.StoreDir != ""
	c := jetStream.Config
	m.SyncAlways, m.SyncInterval, m.StoreDir, m.StoreUsed, m.MaxStore = c.SyncAlways, c.SyncInterval, c.StoreDir, jetStream.Used, c.MaxStore
	if m.ServerName == "" {
		m.Err = "it is no monitoring endpoint of a NATS server"
	}
	return m
}

// withoutUser is an address without credentials that it may hold.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// getJSON follows no redirect: it would lead to no NATS server. Errors name the
// address without credentials.
func getJSON(ctx context.Context, address, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, monitorTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, "/")+"/"+path, http.NoBody)
	if err != nil {
		return errors.New("its address is none")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		var asked *url.Error
		if errors.As(err, &asked) {
			err = asked.Err // without the address
		}
		return fmt.Errorf("GET /%s: %w", path, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /%s: HTTP %d", path, res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxMonitor)).Decode(into); err != nil {
		return fmt.Errorf("GET /%s: not JSON of a NATS server: %w", path, err)
	}
	return nil
}
