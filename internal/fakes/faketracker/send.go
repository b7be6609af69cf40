package faketracker

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// send is what somebody else asks of a tracker; any answer but a success is an
// error.
func send(t Tracker, method, path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, "https://tracker.example"+path, strings.NewReader(string(b)))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := fakes.Transport{Handler: t}.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode > 299 {
		text, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s %s: %d %s", method, path, answer.StatusCode, text)
	}
	return nil
}

func ids(t Tracker) []string {
	var list []string
	for _, in := range t.Incidents() {
		list = append(list, in.ID)
	}
	return list
}
