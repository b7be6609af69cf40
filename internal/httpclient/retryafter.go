package httpclient

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what an answer can ask for, so that sums of times do
// not overflow. Whether to wait so long is the pusher's decision.
const maxRetryAfter = 365 * 24 * time.Hour

// maxReset bounds X-RateLimit-Reset, whose form differs from one tracker to
// the next, so that a misread one does no lasting harm. An hour is the longest
// time in which ServiceNow and Jira Cloud count.
const maxReset = time.Hour

// askedWait is how long an answer asks us to wait: by Retry-After or, on a 429
// that has none, by X-RateLimit-Reset. 0 if it does not say, or it is over.
func askedWait(resp *http.Response) time.Duration {
	if resp.StatusCode == http.StatusTooManyRequests && strings.TrimSpace(resp.Header.Get("Retry-After")) == "" {
		return rateLimitReset(resp.Header)
	}
	return retryAfter(resp.Header)
}

// retryAfter reads Retry-After in both forms of RFC 9110, 10.2.3: seconds, or
// a date. A date is counted from the answer's own Date, if it has one, so that
// a tracker's wrong clock does no harm. 0 if there is none or it is over.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(v, 64); !isNumber(v) || err != nil && !math.IsInf(seconds, 1) {
		at, err := http.ParseTime(v)
		if err != nil {
			return 0
		}
		return min(max(0, at.Sub(trackersNow(h))), maxRetryAfter)
	} else if seconds < maxRetryAfter.Seconds() {
		return time.Duration(math.Ceil(seconds * float64(time.Second)))
	}
	return maxRetryAfter
}

// rateLimitReset reads X-RateLimit-Reset: Unix seconds of ServiceNow, or
// Jira Cloud's time of ISO 8601. It is counted as a date of Retry-After is.
func rateLimitReset(h http.Header) time.Duration {
	at, ok := parseReset(strings.TrimSpace(h.Get("X-RateLimit-Reset")))
	if !ok {
		return 0
	}
	return min(max(0, at.Sub(trackersNow(h))), maxReset)
}

func parseReset(v string) (time.Time, bool) {
	if seconds, err := strconv.ParseUint(v, 10, 48); err == nil {
		return time.Unix(int64(seconds), 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// trackersNow is the time at the tracker when it answered.
func trackersNow(h http.Header) time.Time {
	date, _ := http.ParseTime(h.Get("Date"))
	return cmp.Or(date, time.Now())
}

// isNumber keeps out what ParseFloat takes beyond digits: signs, hex, "Inf".
func isNumber(v string) bool {
	return strings.Trim(v, "0123456789.") == ""
}
