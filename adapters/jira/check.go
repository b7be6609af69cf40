package jira

import (
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
)

// Keys that we know. Any other is a problem, as in Kibana.
var (
	configKeys   = []string{"apiUrl", "projectKey", "casesConfiguration"} // the last one is of 7.x
	secretKeys   = []string{"apiToken", "email", "personalAccessToken"}
	deliveryKeys = []string{"browse_url", "deployment", "duplicate_transition", "find_delay", "internal_comments", "max_in_flight", "max_text", "settle_time"}
)

const (
	minText      = 100     // below it nothing useful fits
	maxText      = 1 << 20 // far more than a request body may have
	mostInFlight = 1024
)

// check implements [connector.Type].Check.
func check(def connector.Definition) []connector.Problem {
	_, r := parse(def)
	return r.Problems()
}

// parse reads a definition; the reader knows all that is wrong with it.
func parse(def connector.Definition) (settings, *definition.Reader) {
	var s settings
	r := definition.NewReader(TypeID, def)
	s.readConfig(r)
	s.readSecrets(r)
	s.readDelivery(r)
	if s.deployment == cloud && s.personalAccessToken.IsSet() {
		r.Warn(definition.Secrets, "personalAccessToken",
			"Jira Cloud has no personal access tokens: the token is sent as bearer; an e-mail address with an API token is what Cloud takes")
	}
	return s, r
}

func (s *settings) readConfig(r *definition.Reader) {
	r.Known(definition.Config, configKeys...)
	s.apiURL = r.RequiredAddress(definition.Config, "apiUrl")
	s.projectKey = r.RequiredText(definition.Config, "projectKey")
}

func (s *settings) readSecrets(r *definition.Reader) {
	r.Known(definition.Secrets, secretKeys...)
	if r.Secret("personalAccessToken").IsSet() {
		s.personalAccessToken = r.RequiredSecret("personalAccessToken", "")
		for _, key := range []string{"email", "apiToken"} {
			if r.Secret(key).IsSet() {
				r.Add(definition.Secrets, key, "must not stand beside personalAccessToken: give one or the other")
			}
		}
		return
	}
	const hint = "or personalAccessToken, on Data Center"
	s.email = r.RequiredSecret("email", hint)
	s.apiToken = r.RequiredSecret("apiToken", hint)
}

func (s *settings) readDelivery(r *definition.Reader) {
	const part = definition.Delivery
	r.Known(part, deliveryKeys...)
	s.deployment = definition.Choice(r, part, "deployment", guessDeployment(s.apiURL), cloud, dataCenter)
	s.browseURL = r.Address(part, "browse_url", s.apiURL)
	s.duplicateTransition = r.Text(part, "duplicate_transition")
	s.internalComments, _ = definition.Optional[bool](r, part, "internal_comments")
	s.maxText = r.Number(part, "max_text", defaultMaxTextUTF16, definition.Span{Low: minText, High: maxText})
	s.maxInFlight = r.Number(part, "max_in_flight", 0, definition.Span{Low: 1, High: mostInFlight})
	findDelay := defaultFindDelayDataCenter
	if s.deployment == cloud {
		findDelay = defaultFindDelayCloud
	}
	s.findDelay = r.Duration(part, "find_delay", findDelay)
	s.settleTime = r.Duration(part, "settle_time", defaultSettleTime)
}
