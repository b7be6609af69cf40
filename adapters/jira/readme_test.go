package jira

import (
	"fmt"
	"testing"

	"github.com/casepush/casepush/internal/connector/adaptertest"
)

func TestReadmeKeys(t *testing.T) {
	t.Parallel()
	adaptertest.ReadReadme(t).CheckKeys(t, adaptertest.Keys{Config: configKeys, Secrets: secretKeys, Delivery: deliveryKeys})
}

func TestReadmeDefaults(t *testing.T) {
	t.Parallel()
	onCloud, _ := parse(valid(nil, nil, nil))
	onDataCenter, _ := parse(valid(map[string]any{"apiUrl": "https://jira.hms.example/jira"}, nil, nil))
	if onDataCenter.browseURL != onDataCenter.apiURL || onDataCenter.deployment != dataCenter || onCloud.deployment != cloud {
		t.Errorf("defaults of browse_url and deployment: %q, %q, %q", onDataCenter.browseURL, onDataCenter.deployment, onCloud.deployment)
	}
	if onCloud.maxInFlight != 0 {
		t.Errorf("max_in_flight: %d, want 0, which is 16 (connector.Capabilities)", onCloud.maxInFlight)
	}
	if onCloud.duplicateTransition != "" {
		t.Errorf("duplicate_transition: %q, want none", onCloud.duplicateTransition)
	}
	want := map[string]string{
		"deployment":           "guessed",
		"browse_url":           "`config.apiUrl`",
		"duplicate_transition": "none",
		"find_delay":           fmt.Sprintf("%s Cloud, %s Data Center", adaptertest.Written(onCloud.findDelay), adaptertest.Written(onDataCenter.findDelay)),
		"settle_time":          adaptertest.Written(onCloud.settleTime),
		"max_in_flight":        "16",
		"max_text":             fmt.Sprint(onCloud.maxText),
		"internal_comments":    fmt.Sprintf("`%t`", onCloud.internalComments),
	}
	adaptertest.ReadReadme(t).CheckDefaults(t, want)
}
