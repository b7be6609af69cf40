package kibana_test

import (
	"testing"

	"github.com/casepush/casepush/internal/kibana"
)

func TestURLs(t *testing.T) {
	for _, tt := range []struct{ base, space, owner, want string }{
		{"", "soc", "cases", ""},
		{"https://k", "default", "securitySolution", "https://k/app/security/cases/c-1"},
		{"https://k/b//", "", "observability", "https://k/b/app/observability/cases/c-1"},
		{"https://k/b", "soc", "cases", "https://k/b/s/soc/app/management/insightsAndAlerting/cases/c-1"},
		{"https://k", "default", "future", "https://k/app/management/insightsAndAlerting/cases/c-1"},
	} {
		if got := kibana.CaseURL(tt.base, tt.space, tt.owner, "c-1"); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
		want := ""
		if tt.want != "" {
			want = tt.want + "/?tabId=alerts"
		}
		if got := kibana.AlertsURL(tt.base, tt.space, tt.owner, "c-1"); got != want {
			t.Errorf("%+v: alerts %q", tt, got)
		}
	}
}
