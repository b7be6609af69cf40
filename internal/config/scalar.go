package config

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bytes is a size; in the file 1048576, "512kb", "1mb" or "1gb", of 1024 each.
type Bytes int64

// String gives the size as the file has it.
func (b Bytes) String() string {
	for _, u := range byteUnits {
		if u.size > 1 && b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "b"
}

var byteUnits = [...]struct {
	name string
	size int64
}{{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}, {"b", 1}}

// maxBytes bounds sizes: an answer is held in memory.
const maxBytes = 1 << 30

func parseBytes(text string) (Bytes, bool) {
	number, factor := strings.ToLower(strings.TrimSpace(text)), int64(1)
	for _, u := range byteUnits {
		if head, ok := strings.CutSuffix(number, u.name); ok {
			number, factor = strings.TrimSpace(head), u.size
			break
		}
	}
	v, err := strconv.ParseInt(number, 10, 64)
	if err != nil || v < 1 || v > maxBytes/factor {
		return 0, false
	}
	return Bytes(v * factor), true
}

func (l *loader) decodeBytes(n *node, dst *Bytes) {
	const want = `a size from 1b to 1gb, such as "1mb"`
	if n.kind != kindString && n.kind != kindInt {
		l.wrongType(n, want)
		return
	}
	text, _ := l.expand(n)
	if n.bad {
		return
	}
	v, ok := parseBytes(text)
	if !ok {
		l.fail(n, "", "want %s, got %s", want, l.shown(n))
		return
	}
	*dst = v
}

var durationPart = regexp.MustCompile(`^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)`)

// parseDuration reads Go's durations and Kibana's, which have days and weeks.
func parseDuration(text string) (time.Duration, bool) {
	rest, total := strings.TrimSpace(text), 0.0
	if rest == "" {
		return 0, false
	}
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, false
		}
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, false
		}
		total += v * float64(durationUnit(m[2]))
		rest = rest[len(m[0]):]
	}
	if total > math.MaxInt64/2 {
		return 0, false
	}
	return time.Duration(math.Round(total)), true
}

func durationUnit(name string) time.Duration {
	switch name {
	case "ns":
		return 1
	case "us", "µs":
		return time.Microsecond
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return day
	}
	return 7 * day
}

// decodeDuration reads a duration. With form "kibana" a bare number is
// milliseconds, as in Kibana's files.
func (l *loader) decodeDuration(n *node, dst *time.Duration, tag reflect.StructTag) {
	const want = `a duration such as "30s" or "5m"`
	inMillis := tag.Get("form") == "kibana"
	switch {
	case n.kind == kindInt && inMillis:
		n = &node{kind: kindString, line: n.line, col: n.col, path: n.path, text: n.text + "ms"}
	case n.kind == kindInt:
		l.fail(n, "write the unit", "want %s, got the number %s", want, clip(n.text))
		return
	case n.kind != kindString:
		l.wrongType(n, want)
		return
	}
	text, _ := l.expand(n)
	if n.bad {
		return
	}
	v, ok := parseDuration(text)
	if !ok {
		l.fail(n, "", "want %s, got %s", want, l.shown(n))
		return
	}
	*dst = v
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// checkForm checks what a text has to look like and returns how it is kept.
//
//	token   one token of a NATS subject
//	listen  host:port; the host may be empty
//	path    a file, relative to the configuration file
//	http    an http or https URL without credentials; kept without a trailing slash
//	nats    URLs of NATS servers, separated by commas
func (l *loader) checkForm(n *node, text, form string) (string, bool) {
	switch form {
	case "token":
		if !tokenForm.MatchString(text) {
			l.fail(n, "", "want 1 to 64 letters, digits, _ or -, got %s", l.shown(n))
		}
	case "listen":
		if !isListen(text) {
			l.fail(n, "", `want host:port such as "127.0.0.1:8780", got %s`, l.shown(n))
		}
	case "path":
		text = l.pathOf(text)
		if _, err := l.readFile(text); err != nil {
			l.fail(n, "", "file %q cannot be read: %s", text, reason(err))
		}
	case "http":
		if why := wrongURL(text, "http", "https"); why != "" {
			l.fail(n, `such as "https://host.example:5601"`, "%s", why)
		} else if u, err := url.Parse(text); err == nil && u.User != nil {
			l.fail(n, "credentials have keys of their own", "the URL must hold no credentials")
		}
		text = strings.TrimSuffix(text, "/")
	case "nats":
		for part := range strings.SplitSeq(text, ",") {
			if why := wrongURL(strings.TrimSpace(part), "nats", "tls", "ws", "wss"); why != "" {
				l.fail(n, `such as "nats://host.example:4222"`, "%s", why)
				break
			}
		}
	}
	return text, !n.bad
}

func isListen(text string) bool {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	v, err := strconv.Atoi(port)
	return err == nil && v >= 0 && v <= 65535
}

// wrongURL says what is wrong with a URL, "" if nothing is. It never shows the
// URL, which may hold credentials.
func wrongURL(text string, schemes ...string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "not a URL"
	case u.Scheme == "" || !slices.Contains(schemes, strings.ToLower(u.Scheme)):
		return fmt.Sprintf("not a URL that begins with %s", strings.Join(withSlashes(schemes), " or "))
	case u.Hostname() == "":
		return "the URL names no host"
	case u.RawQuery != "" || u.Fragment != "":
		return "the URL has a query or a fragment, want neither"
	}
	if p := u.Port(); p != "" {
		if v, err := strconv.Atoi(p); err != nil || v < 1 || v > 65535 {
			return "the URL's port is not between 1 and 65535"
		}
	}
	return ""
}

func withSlashes(schemes []string) []string {
	out := make([]string, len(schemes))
	for i, s := range schemes {
		out[i] = s + "://"
	}
	return out
}
