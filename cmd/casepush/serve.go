package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/telemetry"
)

const (
	readHeaderTimeout = 10 * time.Second
	shutdownTimeout   = 2 * time.Second
)

// serve answers on http.listen, with TLS if it is configured, and on
// http.metrics_listen, which has none: it is for probes. It returns what stops
// both.
func serve(cfg config.HTTP, h http.Handler, log *telemetry.Logger) (stop func(), err error) {
	secure, err := cfg.TLS.Config()
	if err != nil {
		return nil, fail(exitConfig, fmt.Errorf("http.tls: %w", err), "")
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: readHeaderTimeout, ErrorLog: telemetry.StdLog(log, telemetry.WarnLevel)}
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		_ = server.Shutdown(ctx)
	}
	for _, l := range []struct {
		key, address, scheme string
		tls                  *tls.Config
	}{{"http.listen", cfg.Listen, "https", secure}, {"http.metrics_listen", cfg.MetricsListen, "http", nil}} {
		if l.address == "" {
			continue
		}
		listener, err := net.Listen("tcp", l.address)
		if err != nil {
			stop()
			return nil, fail(exitFailed, fmt.Errorf("%s %q: %w", l.key, l.address, err), "set "+l.key+" to another address, for example 127.0.0.1:0")
		}
		if l.tls != nil {
			listener = tls.NewListener(listener, l.tls)
		} else {
			l.scheme = "http"
		}
		log.Info("health", telemetry.String("url", l.scheme+"://"+listener.Addr().String()+"/readyz"))
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				log.Error("health listener ended", telemetry.String("key", l.key), telemetry.Err(err))
			}
		}()
	}
	return stop, nil
}
