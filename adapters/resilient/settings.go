package resilient

import (
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// textFormat is the format of a text at the tracker.
type textFormat string

const (
	formatHTML textFormat = "html"
	formatText textFormat = "text"
)

// Defaults of the delivery keys.
const (
	// No lag of query_paged is documented; a loaded appliance gets the benefit
	// of the doubt.
	defaultFindDelay = 30 * time.Second
	// The organization's own rules and scripts run while a request does.
	defaultSettleTime = 30 * time.Second
)

// settings is a definition, read and judged.
type settings struct {
	apiURL string // without a trailing slash
	orgID  string // id, name, uuid or cloud account

	apiKeyID, apiKeySecret secret.String

	correlationProperty string // "" is a line of the description
	descriptionFormat   textFormat
	duplicateResolution int // a resolution_id; 0 closes no duplicate

	maxName, maxText int // in UTF-16 units; 0 is no limit
	maxInFlight      int
	findDelay        time.Duration
	settleTime       time.Duration
}

// limits are those that the delivery keys give: the API documents none.
func (s settings) limits() map[string]connector.Limit {
	limits := map[string]connector.Limit{}
	if s.maxName > 0 {
		limits[fieldName] = connector.Limit{Max: s.maxName, Unit: connector.UTF16}
	}
	if s.maxText > 0 {
		text := connector.Limit{Max: s.maxText, Unit: connector.UTF16}
		limits[fieldDescription], limits["comment"] = text, text
	}
	return limits
}
