// Package fakeset makes the fakes that `casepush fakes` and `casepush demo`
// serve.
package fakeset

import (
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
)

// Options are those of the fakes. The zero value takes any credentials.
type Options struct {
	Kibana fakekibana.Options
	Jira   fakejira.Options // of both; its Flavour is not looked at
}

// New makes one fake of each kind by the name under which it is served.
func New(o Options) map[string]fakes.Fake {
	cloud, dataCenter := o.Jira, o.Jira
	cloud.Flavour, dataCenter.Flavour = fakejira.Cloud, fakejira.DataCenter
	return map[string]fakes.Fake{
		"kibana":     fakekibana.New(o.Kibana),
		"jira-cloud": fakejira.New(cloud),
		"jira-dc":    fakejira.New(dataCenter),
	}
}
