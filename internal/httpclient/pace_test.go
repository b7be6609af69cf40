package httpclient_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/connectortest"
	"github.com/casepush/casepush/internal/httpclient"
)

// TestRequestsPerSecond spaces requests, and refuses at once what would come
// too late.
func TestRequestsPerSecond(t *testing.T) {
	for _, tt := range []struct {
		perSecond float64
		requests  int
		want      time.Duration // between the first and the last
	}{
		{0, 100, 0},
		{2, 2, 0}, // a burst of one second's worth
		{2, 12, 5 * time.Second},
		{0.5, 4, 6 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			served := 0
			s := anyHost()
			s.RequestsPerSecond = tt.perSecond
			client, err := httpclient.NewWithTransport(s, connectortest.InProcess(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ })))
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			for range tt.requests {
				if _, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", "http://tracker.example", "{}")); e != nil {
					t.Fatal(e)
				}
			}
			if took := time.Since(begin); took != tt.want {
				t.Errorf("%d requests at %v/s took %v, want %v", tt.requests, tt.perSecond, took, tt.want)
			}
			if tt.perSecond == 0 {
				return
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			begin, served = time.Now(), 0
			_, e := do(t, client, httpclient.Exchange{}, newRequest(t, "POST", "http://tracker.example", "{}").WithContext(ctx))
			want(t, e, connector.RateLimited, connector.NotApplied)
			if served != 0 || time.Since(begin) != 0 || !strings.Contains(e.Error(), "requests_per_second") {
				t.Errorf("%d served after %v, error %v", served, time.Since(begin), e)
			}
		})
	}
}

// TestClassOfExchange: what an adapter says of a request decides who goes first.
func TestClassOfExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var served []string
		s := anyHost()
		s.RequestsPerSecond = 1
		client, err := httpclient.NewWithTransport(s, connectortest.InProcess(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			served = append(served, r.URL.Path[1:])
		})))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range []struct {
			path  string
			class httpclient.Class
		}{{"burst", httpclient.Updates}, {"update", httpclient.Updates}, {"comment", httpclient.Comments}, {"create", httpclient.Creates}, {"read", 0}} {
			go func() {
				if _, e := do(t, client, httpclient.Exchange{Class: one.class}, newRequest(t, "POST", "http://tracker.example/"+one.path, "{}")); e != nil {
					t.Error(e)
				}
			}()
			synctest.Wait()
		}
		<-time.After(10 * time.Second)
		synctest.Wait()
		if got := strings.Join(served, ", "); got != "burst, create, read, comment, update" {
			t.Errorf("served in this order: %s", got)
		}
	})
}
