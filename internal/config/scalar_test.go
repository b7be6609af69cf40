package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond,
		"30d": 720 * time.Hour, "1w": 168 * time.Hour, "1.5h": 90 * time.Minute, "0s": 0, "1µs": time.Microsecond,
	} {
		if got, ok := parseDuration(text); !ok || got != want {
			t.Errorf("parseDuration(%q) = %s, %v; want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", "s", "30", "30 s", "-5m", "1y", "1e3s", "5m5", "99999999999w", "+1s"} {
		if got, ok := parseDuration(text); ok {
			t.Errorf("parseDuration(%q) = %s, want none", text, got)
		}
	}
}

func TestParseDurationReadsGosTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)/int64(time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		if got, ok := parseDuration(want.String()); !ok || got != want {
			t.Fatalf("parseDuration(%q) = %s, %v", want, got, ok)
		}
	})
}

func TestParseBytes(t *testing.T) {
	for text, want := range map[string]Bytes{"1mb": 1 << 20, "1MB": 1 << 20, "512kb": 512 << 10, "1 gb": 1 << 30, "1048576": 1 << 20, "10b": 10} {
		got, ok := parseBytes(text)
		if !ok || got != want {
			t.Errorf("parseBytes(%q) = %d, %v; want %d", text, got, ok, want)
		}
		if back, ok := parseBytes(got.String()); !ok || back != got {
			t.Errorf("parseBytes(%q) = %d, %v; want %d", got.String(), back, ok, got)
		}
	}
	for _, text := range []string{"", "mb", "0", "-1mb", "1.5mb", "2gb", "1tb", "99999999999999999999"} {
		if got, ok := parseBytes(text); ok {
			t.Errorf("parseBytes(%q) = %d, want none", text, got)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for listen, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "localhost:80": true, "LOCALHOST:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "localhost.example:80": false, "nonsense": false,
	} {
		if got := isLoopback(listen); got != want {
			t.Errorf("isLoopback(%q) = %v, want %v", listen, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"lease", "drain_timeout", "proxyUrl", "customHostSettings", "overwrite"}
	for word, want := range map[string]string{
		"leese": "lease", "laese": "lease", "proxy_url": "proxyUrl", "PROXYURL": "proxyUrl", "drainTimeout": "drain_timeout",
		"customHostSetings": "customHostSettings", "replace": "", "x": "", "lease": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// edits is a distance: symmetric, zero for equal words alone, and bounded by
// the longer word.
func TestEditsIsADistance(t *testing.T) {
	word := rapid.StringMatching(`[a-cé]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := edits(a, b)
		if d != edits(b, a) || (d == 0) != (a == b) || d > max(len([]rune(a)), len([]rune(b))) {
			t.Fatalf("edits(%q, %q) = %d, the other way %d", a, b, d, edits(b, a))
		}
	})
}
