package kibana

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/connector"
)

// How long Kibana's version is believed: it may be upgraded while we run. That
// it would not tell is believed for less.
const (
	versionAge        = 10 * time.Minute
	unknownVersionAge = time.Minute
)

// release is a version of Kibana. The zero value is unknown, and then the
// newest is assumed: a call that newer versions removed is never made.
type release struct {
	major, minor int
	text         string
}

func (r release) known() bool { return r.text != "" }

// atLeast is true if the version is unknown.
func (r release) atLeast(major, minor int) bool {
	return !r.known() || r.major > major || r.major == major && r.minor >= minor
}

// parseRelease reads "8.12.0" or "9.1.0-SNAPSHOT"; anything else is unknown.
func parseRelease(text string) release {
	majorText, rest, ok := strings.Cut(text, ".")
	minorText, _, _ := strings.Cut(rest, ".")
	major, errMajor := strconv.Atoi(majorText)
	minor, errMinor := strconv.Atoi(minorText)
	if !ok || errMajor != nil || errMinor != nil || major < 1 || minor < 0 {
		return release{}
	}
	return release{major: major, minor: minor, text: text}
}

type versionCache struct {
	mu      sync.Mutex
	release release
	until   time.Time
}

func (v *versionCache) get() (release, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.release, time.Now().Before(v.until)
}

func (v *versionCache) set(r release) {
	v.mu.Lock()
	defer v.mu.Unlock()
	age := versionAge
	if !r.known() {
		age = unknownVersionAge
	}
	v.release, v.until = r, time.Now().Add(age)
}

// forget makes the next call ask again: an answer did not fit the version.
func (v *versionCache) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.until = time.Time{}
}

// Version returns Kibana's version, "8.12.0", and "" if Kibana does not tell
// it to us: GET /api/status needs a privilege when anonymous access is off, and
// shows strangers no version. An error is only what may pass: Kibana is out of
// reach or overloaded. The answer is kept for ten minutes.
func (c *Client) Version(ctx context.Context) (string, error) {
	r, err := c.release(ctx)
	return r.text, err
}

func (c *Client) release(ctx context.Context) (release, error) {
	if r, ok := c.version.get(); ok {
		return r, nil
	}
	body, err := c.do(ctx, call{op: "read Kibana's version", method: http.MethodGet, path: []string{"status"}})
	if isKind(err, connector.Transient) || isKind(err, connector.RateLimited) {
		return release{}, err
	}
	var status struct {
		Version struct {
			Number string `json:"number"`
		} `json:"version"`
	}
	if err == nil {
		// A status in a form that we do not know tells no version, and that is all.
		_ = json.Unmarshal(body, &status)
	}
	r := parseRelease(status.Version.Number)
	c.version.set(r)
	return r, nil
}
