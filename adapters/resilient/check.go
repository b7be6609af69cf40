package resilient

import (
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
)

// Keys that we know. Any other is a problem, as in Kibana.
var (
	configKeys   = []string{"apiUrl", "orgId", "casesConfiguration"} // the last one is of 7.x
	secretKeys   = []string{"apiKeyId", "apiKeySecret"}
	deliveryKeys = []string{
		"correlation_property", "description_format", "duplicate_resolution", "find_delay", "max_in_flight", "max_name", "max_text", "settle_time",
	}
)

const (
	minText       = 100     // below it nothing useful fits
	maxText       = 1 << 20 // far more than a request body may have
	mostInFlight  = 1024
	mostResolved  = 1 << 31
	maxPropertyID = 100 // characters of an API name
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
	r.Known(definition.Config, configKeys...)
	s.apiURL = r.RequiredAddress(definition.Config, "apiUrl")
	s.orgID = r.RequiredText(definition.Config, "orgId")
	r.Known(definition.Secrets, secretKeys...)
	s.apiKeyID = r.RequiredSecret("apiKeyId", "")
	s.apiKeySecret = r.RequiredSecret("apiKeySecret", "")
	if strings.Contains(s.apiKeyID.Reveal(), ":") {
		r.Add(definition.Secrets, "apiKeyId", "must not hold a colon: basic authentication ends the key's id there")
	}
	s.readDelivery(r)
	return s, r
}

func (s *settings) readDelivery(r *definition.Reader) {
	const part = definition.Delivery
	r.Known(part, deliveryKeys...)
	s.correlationProperty = r.Text(part, "correlation_property")
	if s.correlationProperty != "" && !isAPIName(s.correlationProperty) {
		r.Add(part, "correlation_property", `want the API name of a custom text field, such as "kibana_case_id", without "properties.", got %q`, s.correlationProperty)
	}
	s.descriptionFormat = definition.Choice(r, part, "description_format", formatHTML, formatHTML, formatText)
	s.duplicateResolution = r.Number(part, "duplicate_resolution", 0, definition.Span{Low: 1, High: mostResolved})
	s.maxName = r.Number(part, "max_name", 0, definition.Span{Low: minText, High: maxText})
	s.maxText = r.Number(part, "max_text", 0, definition.Span{Low: minText, High: maxText})
	s.maxInFlight = r.Number(part, "max_in_flight", 0, definition.Span{Low: 1, High: mostInFlight})
	s.findDelay = r.Duration(part, "find_delay", defaultFindDelay)
	s.settleTime = r.Duration(part, "settle_time", defaultSettleTime)
}

// isAPIName reports whether s can be the API name of a custom field.
func isAPIName(s string) bool {
	return len(s) <= maxPropertyID && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && s != ""
}
