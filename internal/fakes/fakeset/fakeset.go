// Package fakeset makes the fakes that `casepush fakes` serves.
package fakeset

import (
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
	"github.com/casepush/casepush/internal/fakes/fakeservicenow"
	"github.com/casepush/casepush/internal/fakes/fakeswimlane"
	"github.com/casepush/casepush/internal/fakes/fakewebhook"
)

// Options are those of the fakes. The zero value takes any credentials.
type Options struct {
	Kibana     fakekibana.Options
	Jira       fakejira.Options // of both; its Flavour is not looked at
	ServiceNow fakeservicenow.Options
	Resilient  fakeresilient.Options
	Swimlane   fakeswimlane.Options
	Webhook    fakewebhook.Options // of both; Idempotent is not looked at
	// SearchDelay is for how long a new incident is invisible to searches, at
	// every tracker that can be searched; it goes before their own.
	SearchDelay time.Duration
}

// New makes one fake of each kind by the name under which it is served.
func New(o Options) map[string]fakes.Fake {
	if o.SearchDelay != 0 {
		o.Jira.SearchDelay, o.ServiceNow.SearchDelay = o.SearchDelay, o.SearchDelay
		o.Resilient.SearchDelay, o.Swimlane.SearchDelay = o.SearchDelay, o.SearchDelay
	}
	cloud, dataCenter := o.Jira, o.Jira
	cloud.Flavour, dataCenter.Flavour = fakejira.Cloud, fakejira.DataCenter
	plain, idempotent := o.Webhook, o.Webhook
	plain.Idempotent, idempotent.Idempotent = false, true
	return map[string]fakes.Fake{
		"kibana":             fakekibana.New(o.Kibana),
		"jira-cloud":         fakejira.New(cloud),
		"jira-dc":            fakejira.New(dataCenter),
		"servicenow":         fakeservicenow.New(o.ServiceNow),
		"resilient":          fakeresilient.New(o.Resilient),
		"swimlane":           fakeswimlane.New(o.Swimlane),
		"webhook":            fakewebhook.New(plain),
		"webhook-idempotent": fakewebhook.New(idempotent),
	}
}
