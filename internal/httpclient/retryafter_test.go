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

func TestRetryAfterBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9.]{1,40}`)).Draw(t, "value")
		got := retryAfter(http.Header{"Retry-After": {value}})
		if got < 0 || got > maxRetryAfter {
			t.Fatalf("%q: %v", value, got)
		}
	})
}
