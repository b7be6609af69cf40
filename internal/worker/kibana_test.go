package worker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// TestOwnUser: with an API key no answer has told yet who we are, so that the
// first footer can leave us out only if kibana.own_user says it.
func TestOwnUser(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, key, footer string }{
		{"not told", "", "robot"},
		{"told", "own_user: robot, ", "analyst"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRigWith(t, rigOptions{config: strings.Replace(rigConfig, "public_base_url:", tt.key+"public_base_url:", 1)})
			r.start()
			now := time.Now().UTC()
			c := r.addCase(kibana.Case{
				Title: "Touched by us", Description: "From a new country.",
				CreatedAt: kibana.Time{Time: now.Add(-time.Minute)}, CreatedBy: &kibana.User{Username: "analyst"},
				UpdatedAt: kibana.Time{Time: now}, UpdatedBy: &kibana.User{Username: "robot"},
			})
			if res := r.push(event.Event{CaseID: c.ID}); res.Outcome != push.Pushed {
				t.Fatalf("%+v", res)
			}
			issue := r.wantInStep("Touched by us")
			if text := issue.Text("description"); !strings.Contains(text, tt.footer) {
				t.Errorf("description %q, want one that names %q", text, tt.footer)
			}
		})
	}
}
