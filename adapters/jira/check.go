package jira

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// Keys that we know. Any other is a problem, as in Kibana.
var (
	configKeys   = []string{"apiUrl", "projectKey", "casesConfiguration"} // the last one is of 7.x
	secretKeys   = []string{"apiToken", "email", "personalAccessToken"}
	deliveryKeys = []string{"browse_url", "deployment", "find_delay", "internal_comments", "max_in_flight", "max_text", "settle_time"}
)

const (
	minText        = 100     // below it nothing useful fits
	maxText        = 1 << 20 // far more than a request body may have
	mostInFlight   = 1024
	longestWaiting = 24 * time.Hour
)

// problems collects what is wrong with one definition.
type problems struct{ list []connector.Problem }

func (p *problems) add(path []string, format string, args ...any) {
	p.list = append(p.list, connector.Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) warn(path []string, message string) {
	p.list = append(p.list, connector.Problem{Path: path, Message: message, Warning: true})
}

func (p *problems) config(s *settings, config map[string]any) {
	unknown(p, "config", config, configKeys)
	if v, ok := p.required(config, "apiUrl"); ok {
		s.apiURL = p.address([]string{"config", "apiUrl"}, v)
		s.browseURL = s.apiURL
	}
	if v, ok := p.required(config, "projectKey"); ok {
		s.projectKey = v
	}
}

// required returns a text of config that must be there.
func (p *problems) required(config map[string]any, key string) (string, bool) {
	path := []string{"config", key}
	v, there := config[key]
	if !there || v == nil {
		p.add(path, "is required")
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		p.add(path, "want a text, got %T", v)
		return "", false
	}
	if s = strings.TrimSpace(s); s == "" {
		p.add(path, "is empty")
		return "", false
	}
	return s, true
}

// address judges a base URL and cuts its trailing slashes; "" if it is none.
func (p *problems) address(path []string, text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		p.add(path, "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		p.add(path, "want a URL with http:// or https://")
	case u.Hostname() == "":
		p.add(path, "has no host")
	case u.User != nil:
		p.add(path, "must not hold credentials: they belong into secrets")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		p.add(path, "must not have a query or a fragment")
	default:
		return strings.TrimRight(text, "/")
	}
	return ""
}

func (p *problems) secrets(s *settings, secrets map[string]secret.String) {
	unknown(p, "secrets", secrets, secretKeys)
	s.email, s.apiToken, s.personalAccessToken = secrets["email"], secrets["apiToken"], secrets["personalAccessToken"]
	if s.personalAccessToken.IsSet() {
		p.notEmpty("personalAccessToken", s.personalAccessToken)
		for _, key := range []string{"email", "apiToken"} {
			if secrets[key].IsSet() {
				p.add([]string{"secrets", key}, "must not stand beside personalAccessToken: give one or the other")
			}
		}
		return
	}
	p.notEmpty("email", s.email)
	p.notEmpty("apiToken", s.apiToken)
}

func (p *problems) notEmpty(key string, v secret.String) {
	path := []string{"secrets", key}
	switch {
	case !v.IsSet():
		p.add(path, "is required (or personalAccessToken, on Data Center)")
	case v.Equal(secret.New("")):
		p.add(path, "is empty")
	}
}

func (p *problems) delivery(s *settings, delivery map[string]any) {
	unknown(p, "delivery", delivery, deliveryKeys)
	if v, ok := get[string](p, delivery, "deployment"); ok {
		switch d := deployment(v); d {
		case cloud, dataCenter:
			s.deployment = d
		default:
			p.add([]string{"delivery", "deployment"}, "want %q or %q, got %q", cloud, dataCenter, v)
		}
	}
	if v, ok := get[string](p, delivery, "browse_url"); ok {
		s.browseURL = p.address([]string{"delivery", "browse_url"}, v)
	}
	s.internalComments, _ = get[bool](p, delivery, "internal_comments")
	s.maxText = p.number(delivery, "max_text", defaultMaxTextUTF16, minText, maxText)
	s.maxInFlight = p.number(delivery, "max_in_flight", 0, 1, mostInFlight)
	findDelay := defaultFindDelayDataCenter
	if s.deployment == cloud {
		findDelay = defaultFindDelayCloud
	}
	s.findDelay = p.duration(delivery, "find_delay", findDelay)
	s.settleTime = p.duration(delivery, "settle_time", defaultSettleTime)
}

func (p *problems) duration(delivery map[string]any, key string, fallback time.Duration) time.Duration {
	v, ok := get[string](p, delivery, key)
	if !ok {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > longestWaiting {
		p.add([]string{"delivery", key}, "want a duration such as %q, at most %v, got %q", fallback.String(), longestWaiting, v)
		return fallback
	}
	return d
}

func (p *problems) number(delivery map[string]any, key string, fallback, low, high int) int {
	v, there := delivery[key]
	if !there || v == nil {
		return fallback
	}
	n, ok := integer(v)
	if !ok || n < low || n > high {
		p.add([]string{"delivery", key}, "want a whole number from %d to %d, got %v", low, high, v)
		return fallback
	}
	return n
}

// integer reads a whole number in any form in which decoders give it.
func integer(v any) (int, bool) {
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	switch v.(type) {
	case int, int64, uint64, float64, json.Number:
		return int(n), err == nil && n == float64(int(n))
	}
	return 0, false
}

// get returns a key of delivery if it is there and of the type.
func get[T any](p *problems, delivery map[string]any, key string) (T, bool) {
	var none T
	v, there := delivery[key]
	if !there || v == nil {
		return none, false
	}
	t, ok := v.(T)
	if !ok {
		p.add([]string{"delivery", key}, "want a %T, got %T", none, v)
	}
	return t, ok
}

// unknown reports the keys that nobody reads, in order.
func unknown[V any](p *problems, part string, m map[string]V, known []string) {
	var bad []string
	for k := range m {
		if !slices.Contains(known, k) {
			bad = append(bad, k)
		}
	}
	slices.Sort(bad)
	for _, k := range bad {
		p.add([]string{part, k}, "is not a key of %s connectors; the keys are %s", TypeID, strings.Join(known, ", "))
	}
}
