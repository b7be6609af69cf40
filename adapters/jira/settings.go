package jira

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/secret"
)

// deployment is the flavour of Jira: they differ in search and in limits.
type deployment string

const (
	cloud      deployment = "cloud"
	dataCenter deployment = "data_center"
)

// Defaults of the delivery keys.
const (
	// Atlassian says of Cloud's search "a few seconds to minutes".
	defaultFindDelayCloud = 2 * time.Minute
	// Data Center indexes when it writes; a cluster's other nodes follow.
	defaultFindDelayDataCenter = 30 * time.Second
	// Twice the 10 s that a busy Jira takes for a request that we gave up on.
	defaultSettleTime = 20 * time.Second
)

// settings is a definition, read and judged.
type settings struct {
	apiURL     string // without a trailing slash
	browseURL  string // the same, unless delivery.browse_url says otherwise
	projectKey string

	email, apiToken, personalAccessToken secret.String

	duplicateTransition string // name; "" closes no duplicate

	deployment       deployment
	internalComments bool
	maxText          int
	maxInFlight      int
	findDelay        time.Duration
	settleTime       time.Duration
}

// authorize puts the credentials on a request: basic authentication, or a
// personal access token as bearer.
func (s settings) authorize(req *http.Request) {
	if s.personalAccessToken.IsSet() {
		req.Header.Set("Authorization", "Bearer "+s.personalAccessToken.Reveal())
		return
	}
	req.SetBasicAuth(s.email.Reveal(), s.apiToken.Reveal())
}

// guessDeployment tells the flavour from the address: Atlassian's own hosts
// are Cloud.
func guessDeployment(apiURL string) deployment {
	u, err := url.Parse(apiURL)
	if err != nil {
		return dataCenter
	}
	host := strings.ToLower(u.Hostname())
	if strings.HasSuffix(host, ".atlassian.net") || host == "api.atlassian.com" {
		return cloud
	}
	return dataCenter
}
