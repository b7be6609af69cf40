package httpclient

import (
	"net/http"

	"github.com/casepush/casepush/internal/connector"
)

// judge says what a status that is not a 2xx means.
//
// A 4xx is the tracker's own word that it did not do it, except for 408 and
// 499, which speak of the connection and not of the request. A 5xx may come
// from a proxy whose tracker is still at work. A redirect proves nothing
// either: some applications redirect after a successful POST, and a login page
// may stand before the tracker or behind it.
func judge(status int) (connector.Kind, connector.Effect) {
	switch status {
	case http.StatusUnauthorized:
		return connector.Unauthenticated, connector.NotApplied
	case http.StatusForbidden:
		return connector.Forbidden, connector.NotApplied
	case http.StatusNotFound:
		return connector.NotFound, connector.NotApplied
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusLocked:
		return connector.Conflict, connector.NotApplied
	case http.StatusTooManyRequests:
		return connector.RateLimited, connector.NotApplied
	case http.StatusRequestTimeout, 499: // 499: nginx saw its client go away
		return connector.Transient, connector.EffectUnknown
	case http.StatusProxyAuthRequired, http.StatusMisdirectedRequest, http.StatusTooEarly:
		// The way there is wrong, not the request: the tracker never saw it.
		return connector.Transient, connector.NotApplied
	}
	if status >= 400 && status <= 499 {
		return connector.Rejected, connector.NotApplied
	}
	return connector.Transient, connector.EffectUnknown
}
