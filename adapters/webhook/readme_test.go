package webhook

import (
	"fmt"
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/adaptertest"
)

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	adaptertest.ReadReadme(t).CheckKeys(t, adaptertest.Keys{Config: configKeys, Secrets: secretKeys, Delivery: deliveryKeys})
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	s, _ := parse(valid(nil, nil, nil))
	if s.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", s.maxInFlight)
	}
	want := map[string]string{
		"idempotency_key": fmt.Sprintf("`%t`", s.idempotencyKey), "settle_time": adaptertest.Written(s.settleTime), "max_in_flight": "16",
	}
	readme := adaptertest.ReadReadme(t)
	readme.CheckDefaults(t, want)
	methods := map[string]string{
		"createIncidentMethod": s.create.method, "getIncidentMethod": s.get.method, "updateIncidentMethod": s.update.method, "createCommentMethod": s.comment.method,
	}
	for key, method := range methods {
		if cell := readme.Rows(t, "Configuration")["config."+key][0]; !strings.Contains(cell, "default `"+strings.ToLower(method)+"`") {
			t.Errorf("%s: %q does not say that the default is %s", key, cell, method)
		}
	}
}

// The example is a definition without anything to say about.
func TestReadmeExample(t *testing.T) {
	t.Parallel()
	def := adaptertest.ReadReadme(t).Example(t)
	if problems := check(def); len(problems) != 0 || def.Type != TypeID {
		t.Errorf("type %q, problems %v", def.Type, problems)
	}
}

// The keys are what README.md says, for ever: targets remember them.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	id := connector.CorrelationID{ConnectorID: "soc-webhook", SpaceID: "default", CaseID: "7349772f-421a-4de3-b8bb-2d9b22ccee30"}
	after := id
	after.After = "1001"
	comment := connector.Comment{ID: "k-1", Source: "aGVsbG8", Text: "x", Digest: "d", Target: "comments"}
	for got, want := range map[string]string{ // printf 'create\0soc-webhook\0default\0…\0' | sha256sum
		createKey(id):    "4b9ab8e193e50d9408b387b5af914e20abeb33b871fcb4915d6d5a165c2eb6a9",
		createKey(after): "cab43bf559db894b4081259c21465fd857fadb0a54968529ae4182dc886cd554",
		commentKey(connector.Ref{ID: "1001", Title: "INC-1001", URL: "https://h"}, comment): "49a051b57d61a7416b9d24aea41a575b72b847c6ebe40bb8b587eb196df39572",
	} {
		if got != want {
			t.Errorf("key %s, want %s", got, want)
		}
	}
}
