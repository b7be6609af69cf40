package kibana

import (
	"net/url"
	"strings"
)

const defaultSpace = "default"

// CaseURL is where people see the case, as Kibana's footers write it; "" if
// base (server.publicBaseUrl) is "".
func CaseURL(base, space, owner, id string) string {
	base = strings.TrimRight(base, "/")
	if base == "" {
		return ""
	}
	if space != "" && space != defaultSpace {
		base += "/s/" + url.PathEscape(space)
	}
	return base + appRoute(owner) + "/cases/" + url.PathEscape(id)
}

// AlertsURL is where people see the case's alerts; "" if base is "".
func AlertsURL(base, space, owner, id string) string {
	page := CaseURL(base, space, owner, id)
	if page == "" {
		return ""
	}
	return page + "/?tabId=alerts"
}

// appRoute is the path of the application that shows an owner's cases.
func appRoute(owner string) string {
	switch owner {
	case "securitySolution":
		return "/app/security"
	case "observability":
		return "/app/observability"
	}
	return "/app/management/insightsAndAlerting"
}
