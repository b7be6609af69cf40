package kibana_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/kibana"
)

func TestUserName(t *testing.T) {
	for _, tt := range []struct {
		user *kibana.User
		want string
	}{
		{nil, "Unknown"},
		{&kibana.User{}, "Unknown"},
		{&kibana.User{Email: "m@hms.example", ProfileUID: "u_1"}, "Unknown"},
		{&kibana.User{Username: "moneypenny"}, "moneypenny"},
		{&kibana.User{Username: "moneypenny", FullName: "Ms Moneypenny"}, "Ms Moneypenny"},
	} {
		if got := tt.user.Name(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.user, got, tt.want)
		}
	}
}

func TestLastUser(t *testing.T) {
	m, q, nameless := &kibana.User{Username: "m"}, &kibana.User{Username: "q"}, &kibana.User{}
	for _, tt := range []struct {
		name             string
		updated, created *kibana.User
		own              string
		want             *kibana.User
	}{
		{"updated by somebody", m, q, "", m},
		{"never updated", nil, q, "", q},
		{"updated by us", m, q, "m", q},
		{"updated by somebody else", m, q, "us", m},
		{"nobody known", nil, nil, "m", nil},
		{"created by us too", m, m, "m", nil},
		{"created by us, never updated", nil, m, "m", nil},
		{"created by us, updated by somebody", q, m, "m", q},
		{"no name does not fall through", nameless, q, "", nameless},
	} {
		if got := kibana.LastUser(tt.updated, tt.created, tt.own); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestAlerts(t *testing.T) {
	at := kibana.Time{Time: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	later := kibana.Time{Time: at.Add(time.Millisecond)}
	alert := func(pushed kibana.Time, ids ...string) kibana.Comment {
		return kibana.Comment{Type: "alert", AlertID: ids, PushedAt: pushed}
	}
	user := kibana.Comment{Type: "user", Text: "x"}
	external := &kibana.ExternalService{PushedAt: at}
	for _, tt := range []struct {
		name   string
		c      kibana.Case
		count  int
		pushed bool
	}{
		{"none", kibana.Case{Comments: []kibana.Comment{user}}, 0, false},
		{"all pushed, one id twice", kibana.Case{Comments: []kibana.Comment{alert(at, "a", "b"), user, alert(at, "a")}}, 3, true},
		{"one not pushed", kibana.Case{Comments: []kibana.Comment{alert(at, "a"), alert(kibana.Time{}, "b")}}, 2, false},
		{"more than listed", kibana.Case{Comments: []kibana.Comment{alert(at, "a")}, TotalAlerts: 5}, 5, true},
		{"none listed, never pushed", kibana.Case{TotalAlerts: 5, CreatedAt: at}, 5, false},
		{"none listed, unchanged since the push", kibana.Case{TotalAlerts: 5, UpdatedAt: at, ExternalService: external}, 5, true},
		{"none listed, changed since the push", kibana.Case{TotalAlerts: 5, UpdatedAt: later, ExternalService: external}, 5, false},
	} {
		if got := tt.c.AlertCount(); got != tt.count {
			t.Errorf("%s: count %d, want %d", tt.name, got, tt.count)
		}
		if got := tt.c.AlertsPushed(); got != tt.pushed {
			t.Errorf("%s: pushed %t, want %t", tt.name, got, tt.pushed)
		}
	}
}

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
