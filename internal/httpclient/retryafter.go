package httpclient

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what an answer can ask for, so that sums of times do
// not overflow. Whether to wait so long is the pusher's decision.
const maxRetryAfter = 365 * 24 * time.Hour

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
		now := time.Now()
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			now = date
		}
		return min(max(0, at.Sub(now)), maxRetryAfter)
	} else if seconds < maxRetryAfter.Seconds() {
		return time.Duration(math.Ceil(seconds * float64(time.Second)))
	}
	return maxRetryAfter
}

// isNumber keeps out what ParseFloat takes beyond digits: signs, hex, "Inf".
func isNumber(v string) bool {
	return strings.Trim(v, "0123456789.") == ""
}
