package kibana

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRelease(t *testing.T) {
	for _, tt := range []struct {
		text             string
		known, at87, at9 bool
	}{
		{"7.17.28", true, false, false},
		{"8.5.3", true, false, false},
		{"8.7.0", true, true, false},
		{"8.12.0-SNAPSHOT", true, true, false},
		{"9.0.0", true, true, true},
		{"10.0.0-alpha1", true, true, true},
		{"", false, true, true},
		{"9", false, true, true},
		{"v9.1", false, true, true},
		{"-1.2.3", false, true, true},
		{"9.x.1", false, true, true},
	} {
		r := parseRelease(tt.text)
		if r.known() != tt.known || r.atLeast(8, 7) != tt.at87 || r.atLeast(9, 0) != tt.at9 {
			t.Errorf("%q: known %t, 8.7 %t, 9.0 %t", tt.text, r.known(), r.atLeast(8, 7), r.atLeast(9, 0))
		}
	}
}

func TestVersionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v versionCache
		if _, ok := v.get(); ok {
			t.Error("a version before any was told")
		}
		for text, age := range map[string]time.Duration{"9.1.0": versionAge, "": unknownVersionAge} {
			v.set(parseRelease(text))
			time.Sleep(age - time.Second)
			if r, ok := v.get(); !ok || r.text != text {
				t.Errorf("%q: forgotten early", text)
			}
			time.Sleep(time.Second)
			if _, ok := v.get(); ok {
				t.Errorf("%q: still believed after %v", text, age)
			}
		}
		v.set(parseRelease("9.1.0"))
		v.forget()
		if _, ok := v.get(); ok {
			t.Error("believed after forget")
		}
	})
}
