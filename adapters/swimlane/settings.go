package swimlane

import (
	"net/http"
	"net/url"
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// Defaults of the delivery keys.
const (
	// Swimlane searches its database itself; replicas of that may follow late.
	// How late is published nowhere.
	defaultFindDelay = 30 * time.Second
	// Twice what a busy server takes for a request that we gave up on.
	defaultSettleTime = 20 * time.Second
)

// settings is a definition, read and judged.
type settings struct {
	api       string // where the API is, without a trailing slash
	browseURL string // where people see records
	appID     string
	mapped    map[string]mappedField // by the incident's field

	apiToken secret.String

	maxTitle, maxText int // UTF-16 units; 0 is no limit
	maxInFlight       int
	findDelay         time.Duration
	settleTime        time.Duration
}

// authorize puts the token on a request.
func (s settings) authorize(req *http.Request) {
	req.Header.Set("Private-Token", s.apiToken.Reveal())
}

// address names the application: a record's id means nothing in another one.
func (s settings) address() string { return s.api + "/app/" + url.PathEscape(s.appID) }

// limits are those of the delivery keys: Swimlane itself has none that is
// published, the owner of an application may set some on its fields.
func (s settings) limits() map[string]connector.Limit {
	limits := map[string]connector.Limit{}
	for name, most := range map[string]int{fieldCaseName: s.maxTitle, fieldDescription: s.maxText, "comment": s.maxText} {
		if most > 0 {
			limits[name] = connector.Limit{Max: most, Unit: connector.UTF16}
		}
	}
	return limits
}
