package jira_test

import (
	"net/http"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakejira"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	for deployment, flavour := range map[string]fakejira.Flavour{"cloud": fakejira.Cloud, "data_center": fakejira.DataCenter} {
		spec := map[fakejira.Flavour]*specification{fakejira.Cloud: cloudSpec, fakejira.DataCenter: dataCenterSpec}[flavour]
		for name, tc := range map[string]struct {
			opts   fakejira.Options
			denied map[string]bool
			fault  *fakes.Rule
			kind   connector.Kind
			want   string // "" is no error
		}{
			"all is well":            {},
			"one right missing":      {denied: map[string]bool{"ADD_COMMENTS": false}, kind: connector.Forbidden, want: `probe: forbidden: project "HMS": missing permission "ADD_COMMENTS"`},
			"two missing":            {denied: map[string]bool{"EDIT_ISSUES": false, "BROWSE_PROJECTS": false}, kind: connector.Forbidden, want: `probe: forbidden: project "HMS": missing permission "BROWSE_PROJECTS", "EDIT_ISSUES"`},
			"one that we do without": {denied: map[string]bool{"LINK_ISSUES": false}},
			"wrong token":            {opts: fakejira.Options{Email: "a", Token: secret.New("another")}, kind: connector.Unauthenticated, want: "probe: unauthenticated (HTTP 401)"},
			"no such project":        {opts: fakejira.Options{ProjectKey: "OTHER"}, kind: connector.NotFound, want: "probe: not found (HTTP 404): No project could be found with key 'HMS'."},
			"refused":                {fault: &fakes.Rule{Status: 403}, kind: connector.Forbidden, want: "probe: forbidden (HTTP 403)"},
			"silent on one":          {fault: &fakes.Rule{Status: 200, Body: `{"permissions":{"BROWSE_PROJECTS":{"havePermission":true}}}`}, want: `probe: transient: answer: permission "CREATE_ISSUES": not mentioned`},
			"no yes and no no":       {fault: &fakes.Rule{Status: 200, Body: `{"permissions":{"BROWSE_PROJECTS":{}}}`}, want: `probe: transient: answer: permission "BROWSE_PROJECTS": not mentioned`},
		} {
			t.Run(name+"/"+deployment, func(t *testing.T) {
				t.Parallel()
				tc.opts.Flavour = flavour
				fake := fakejira.New(tc.opts)
				if err := fake.Permit(tc.denied); err != nil {
					t.Fatal(err)
				}
				if tc.fault != nil {
					if _, err := fake.Faults().Add(*tc.fault); err != nil {
						t.Fatal(err)
					}
				}
				con := open(t, validate(t, spec.router(t), "", fakes.Transport{Handler: fake}), httpclient.Settings{}, map[string]any{"deployment": deployment})
				e := connector.AsError("no", con.Probe(t.Context()))
				if got := text(e); got != tc.want && (tc.kind != connector.Unauthenticated || len(got) < len(tc.want) || got[:len(tc.want)] != tc.want) {
					t.Errorf("error %q, want %q", got, tc.want)
				}
				if e != nil && (e.Kind != tc.kind || e.Effect != connector.NotApplied) {
					t.Errorf("kind %q, effect %q: %v", e.Kind, e.Effect, e)
				}
				if all := fake.Journal().Requests(); len(all) != 1 || all[0].Method != http.MethodGet {
					t.Errorf("%d requests, want one GET", len(all))
				}
			})
		}
	}
}

func text(e *connector.Error) string {
	if e == nil {
		return ""
	}
	return e.Error()
}
