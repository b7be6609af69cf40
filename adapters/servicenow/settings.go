package servicenow

import (
	"time"

	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/secret"
)

// Defaults of the delivery keys.
const (
	// ServiceNow shows a new record at once; instances with read replicas follow.
	defaultFindDelay = 10 * time.Second
	// ServiceNow's quota rules end REST transactions after 60 s.
	defaultSettleTime = 60 * time.Second
	// The dictionary's lengths of short_description and description. Longer
	// texts are cut without a word.
	defaultMaxShortDescription = 160
	defaultMaxDescription      = 4000
	// Journal fields have the length of other texts of several lines.
	defaultMaxComment = 4000
)

// settings is a definition, read and judged.
type settings struct {
	product  product
	apiURL   string // without a trailing slash
	host     string // of apiURL, for Kibana's error text
	tableAPI bool

	username, password secret.String // of basic authentication
	oauth              *oauth        // nil: basic authentication

	redactor *httpclient.Redactor // of all secrets

	duplicate closing

	maxShortDescription, maxDescription, maxComment int // UTF-16 units
	maxInFlight                                     int
	findDelay, settleTime                           time.Duration
}

// closing is what a duplicate is closed with; no state closes none.
type closing struct{ state, code, notes string }
