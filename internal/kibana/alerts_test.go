package kibana_test

import (
	"testing"
	"time"

	"github.com/casepush/casepush/internal/kibana"
)

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
