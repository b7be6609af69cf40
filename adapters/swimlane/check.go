package swimlane

import (
	"net/url"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/connector/wire"
)

// Keys that we know. Any other is a problem, as in Kibana.
var (
	configKeys   = []string{"apiUrl", "appId", "connectorType", "mappings"}
	secretKeys   = []string{"apiToken"}
	deliveryKeys = []string{"api_prefix", "browse_url", "find_delay", "max_in_flight", "max_text", "max_title", "settle_time"}
)

// connectorType is what Kibana's pages show a connector for; it has no other
// effect.
type connectorType string

const (
	minText      = 20      // below it nothing useful fits
	maxText      = 1 << 20 // far more than a field should have
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
	base := s.readConfig(r)
	r.Known(definition.Secrets, secretKeys...)
	s.apiToken = r.RequiredSecret("apiToken", "")
	s.readDelivery(r, base)
	return s, r
}

// readConfig returns config.apiUrl without a trailing slash.
func (s *settings) readConfig(r *definition.Reader) (base string) {
	const part = definition.Config
	r.Known(part, configKeys...)
	base = r.RequiredAddress(part, "apiUrl")
	s.appID = r.RequiredText(part, "appId")
	if _, ok := wire.PathPart(s.appID); !ok && s.appID != "" {
		r.Add(part, "appId", "is no id of an application")
	}
	if r.RequiredText(part, "connectorType") != "" {
		definition.Choice[connectorType](r, part, "connectorType", "", "all", "alerts", "cases")
	}
	s.mapped = readMappings(r)
	return base
}

func (s *settings) readDelivery(r *definition.Reader, base string) {
	const part = definition.Delivery
	r.Known(part, deliveryKeys...)
	s.api = apiAddress(base)
	if prefix := r.Text(part, "api_prefix"); prefix != "" {
		s.api = strings.TrimSuffix(base, "/api") + readPrefix(r, prefix)
	}
	s.browseURL = r.Address(part, "browse_url", base)
	if strings.HasSuffix(s.browseURL, "/api") {
		r.Warn(definition.Config, "apiUrl", "ends with /api, so links lead to /api/record/…, as Kibana's do: leave /api out, or set delivery.browse_url")
	}
	size := definition.Span{Low: minText, High: maxText}
	s.maxTitle = r.Number(part, "max_title", 0, size)
	s.maxText = r.Number(part, "max_text", 0, size)
	s.maxInFlight = r.Number(part, "max_in_flight", 0, definition.Span{Low: 1, High: mostInFlight})
	s.findDelay = r.Duration(part, "find_delay", defaultFindDelay)
	s.settleTime = r.Duration(part, "settle_time", defaultSettleTime)
}

// apiAddress is Kibana's rule: an address that ends with "api" is the API's.
func apiAddress(base string) string {
	if strings.HasSuffix(base, "api") {
		return base
	}
	return base + "/api"
}

// readPrefix returns the path of the API without a trailing slash.
func readPrefix(r *definition.Reader, prefix string) string {
	prefix = strings.TrimRight(prefix, "/")
	u, err := url.Parse(prefix)
	parts := strings.Split(strings.TrimPrefix(prefix, "/"), "/")
	dotted := slices.ContainsFunc(parts, func(p string) bool { _, ok := wire.PathPart(p); return !ok })
	if err != nil || !strings.HasPrefix(prefix, "/") || u.Host != "" || u.EscapedPath() != prefix || dotted {
		r.Add(definition.Delivery, "api_prefix", "want a path such as /api/account/<account>/tenant/<tenant>, without . and .. and without a query")
		return ""
	}
	return prefix
}
