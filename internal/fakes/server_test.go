package fakes_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakeset"
	"go.uber.org/goleak"
)

// startServer serves until the test ends.
func startServer(t *testing.T, opts fakes.ServerOptions) *fakes.Server {
	t.Helper()
	s, err := fakes.Listen(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

func TestServer(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	s := startServer(t, fakes.ServerOptions{Fakes: fakeset.New(fakeset.Options{}), Faults: map[string][]fakes.Rule{
		"jira-cloud": {{Method: "POST", Path: "/rest/api/2/issue", DropAnswer: true, Times: 1}, {Method: "POST", TruncateBody: 3, Times: 1}},
		"jira-dc":    {{Reset: true, Times: 1}},
	}})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	post := func(target string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), "POST", target, strings.NewReader(sampleIssue))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		defer func() { _ = resp.Body.Close() }()
		_, err = io.ReadAll(resp.Body)
		return resp.StatusCode, err
	}
	create := s.URL("jira-cloud") + "/rest/api/2/issue"
	if status, err := post(create); err == nil {
		t.Errorf("dropped answer: %d, want an error", status)
	}
	if status, err := post(create); status != 201 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("answer broken off: %d %v", status, err)
	}
	if status, err := post(create); status != 201 || err != nil {
		t.Errorf("create: %d %v", status, err)
	}
	if _, err := post(s.URL("jira-dc") + "/rest/api/2/issue"); err == nil {
		t.Error("reset: no error")
	}
	for target, want := range map[string]string{
		s.URL("kibana") + "/api/status":          `"number":"9.1.0"`,
		s.URL("kibana") + "/s/soc/api/status":    `"level":"available"`,
		s.URL("jira-cloud") + "/__state":         `"key":"HMS-3"`,
		s.URL("jira-dc") + "/__state":            `"issues":[]`,
		strings.TrimSuffix(s.URL(""), "/") + "/": s.URLs()["jira-dc"],
	} {
		if body := fetch(t, client, target); !strings.Contains(body, want) {
			t.Errorf("GET %s: %s, want %s in it", target, body, want)
		}
	}
}

func fetch(t *testing.T, client *http.Client, target string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", target, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestListenRefuses(t *testing.T) {
	for name, opts := range map[string]fakes.ServerOptions{
		"faults of no fake": {Fakes: fakeset.New(fakeset.Options{}), Faults: map[string][]fakes.Rule{"gira": {{Reset: true}}}},
		"a wrong fault":     {Fakes: fakeset.New(fakeset.Options{}), Faults: map[string][]fakes.Rule{"kibana": {{}}}},
		"a wrong address":   {Listen: "nowhere"},
	} {
		if s, err := fakes.Listen(opts); err == nil {
			t.Errorf("%s: accepted", name)
			_ = s.Close()
		}
	}
}

func TestCloseWithoutServing(t *testing.T) {
	s, err := fakes.Listen(fakes.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
