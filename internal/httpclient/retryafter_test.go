package httpclient

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time stands still, at a whole second
		at := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(http.TimeFormat) }
		for _, tt := range []struct {
			value, date string
			want        time.Duration
		}{
			{"", "", 0},
			{"0", "", 0},
			{"7", "", 7 * time.Second},
			{" 120 ", "", 2 * time.Minute},
			{"1.5", "", 1500 * time.Millisecond},
			{"3600", at(-time.Hour), time.Hour},
			{"-5", "", 0},
			{"+5", "", 0},
			{"1e3", "", 0},
			{"Inf", "", 0},
			{".", "", 0},
			{"0x10", "", 0},
			{"soon", "", 0},
			{"31535999", "", 31535999 * time.Second},
			{"31536001", "", maxRetryAfter},
			{"99999999999999999999999999", "", maxRetryAfter},
			{"9" + fmt.Sprintf("%0400d", 0), "", maxRetryAfter},
			{at(90 * time.Second), "", 90 * time.Second},
			{at(-90 * time.Second), "", 0},
			{at(20 * 365 * 24 * time.Hour), "", maxRetryAfter},
			{at(90 * time.Second), at(30 * time.Second), time.Minute}, // the tracker's clock is ahead
			{at(-90 * time.Second), at(-2 * time.Minute), 30 * time.Second},
			{time.Now().UTC().Add(time.Minute).Format(time.RFC850), "", time.Minute},
			{time.Now().UTC().Add(time.Minute).Format(time.ANSIC), "", time.Minute},
		} {
			h := http.Header{}
			h.Set("Retry-After", tt.value)
			h.Set("Date", tt.date)
			if got := retryAfter(h); got != tt.want {
				t.Errorf("Retry-After %.40q, Date %q: %v, want %v", tt.value, tt.date, got, tt.want)
			}
		}
	})
}

func TestRateLimitReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unix := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
		iso := func(layout string, d time.Duration) string { return time.Now().UTC().Add(d).Format(layout) }
		for _, tt := range []struct {
			status      int
			after, date string
			reset       string
			want        time.Duration
		}{
			{429, "", "", unix(90 * time.Second), 90 * time.Second},
			{429, "7", "", unix(90 * time.Second), 7 * time.Second}, // Retry-After wins
			{429, "0", "", unix(90 * time.Second), 0},
			{503, "", "", unix(90 * time.Second), 0},
			{429, "", "", unix(-time.Second), 0},
			{429, "", "", " " + unix(time.Second), time.Second},
			{429, "", "", unix(30 * time.Hour), maxReset},
			{429, "", "", unix(0) + "000", maxReset}, // milliseconds
			{429, "", "", "99999999999999999999999", 0},
			{429, "", "", "30", 0}, // a moment of 1970
			{429, "", "", "-5", 0},
			{429, "", "", "soon", 0},
			{429, "", "", "", 0},
			{429, "", "", iso("2006-01-02T15:04:05Z", time.Minute), time.Minute},
			{429, "", "", iso("2006-01-02T15:04:05.000Z", time.Minute), time.Minute},
			{429, "", "", iso("2006-01-02T15:04Z", time.Minute), time.Minute},
			{429, "", "", iso("2006-01-02T15:04:05.000", 3*time.Hour+time.Minute) + "+0300", time.Minute},
			{429, "", "", iso("2006-01-02T15:04:05Z", -time.Minute), 0},
			{429, "", iso(http.TimeFormat, 30*time.Second), unix(90 * time.Second), time.Minute}, // the tracker's clock is ahead
		} {
			h := http.Header{}
			h.Set("Retry-After", tt.after)
			h.Set("X-RateLimit-Reset", tt.reset)
			h.Set("Date", tt.date)
			if got := askedWait(&http.Response{StatusCode: tt.status, Header: h}); got != tt.want {
				t.Errorf("%d, Retry-After %q, X-RateLimit-Reset %q, Date %q: %v, want %v", tt.status, tt.after, tt.reset, tt.date, got, tt.want)
			}
		}
	})
}

func TestRetryAfterBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9.]{1,40}`)).Draw(t, "value")
		got := retryAfter(http.Header{"Retry-After": {value}})
		if got < 0 || got > maxRetryAfter {
			t.Fatalf("%q: %v", value, got)
		}
		h := http.Header{}
		h.Set("X-RateLimit-Reset", value)
		if got := rateLimitReset(h); got < 0 || got > maxReset {
			t.Fatalf("reset %q: %v", value, got)
		}
	})
}
