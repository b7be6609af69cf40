package webhook

import (
	"net/http"
	"strings"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/definition"
	"github.com/casepush/casepush/internal/mapping/template"
)

// Keys that we know. Any other is a problem, as in Kibana.
var (
	configKeys = []string{
		"createIncidentUrl", "createIncidentMethod", "createIncidentJson", "createIncidentResponseKey",
		"getIncidentUrl", "getIncidentMethod", "getIncidentJson", "getIncidentResponseExternalTitleKey",
		"viewIncidentUrl", "updateIncidentUrl", "updateIncidentMethod", "updateIncidentJson",
		"createCommentUrl", "createCommentMethod", "createCommentJson",
		"headers", "hasAuth", "authType", "certType", "ca", "verificationMode",
		"accessTokenUrl", "clientId", "scope", "additionalFields", // of OAuth2
	}
	secretKeys   = []string{"user", "password", "crt", "key", "pfx", "secretHeaders", "clientSecret"}
	deliveryKeys = []string{"idempotency_key", "max_in_flight", "settle_time"}
)

const mostInFlight = 1024

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
	s.readCreate(r)
	s.readGet(r)
	s.readUpdate(r)
	s.readComment(r, def)
	r.Known(definition.Secrets, secretKeys...)
	s.readAuth(r)
	s.readHeaders(r, def)
	s.readDelivery(r)
	return s, r
}

func (s *settings) readCreate(r *definition.Reader) {
	const part = definition.Config
	if text := r.RequiredText(part, "createIncidentUrl"); text != "" {
		s.createURL, s.origin = fixedURL(r, "createIncidentUrl", text)
	}
	// The older document has patch as well, which newer Kibana refuses.
	s.create.method = method(r, "createIncidentMethod", "post", "put", "patch")
	s.create.body = bodyTemplate(r, template.CreateCase, "createIncidentJson", r.RequiredText(part, "createIncidentJson"))
	s.idKey = keyPath(r.RequiredText(part, "createIncidentResponseKey"))
}

func (s *settings) readGet(r *definition.Reader) {
	const part = definition.Config
	s.get.url = urlTemplate(r, template.GetCase, "getIncidentUrl", r.RequiredText(part, "getIncidentUrl"))
	s.get.method = method(r, "getIncidentMethod", "get", "post")
	body := bodyTemplate(r, template.GetCase, "getIncidentJson", r.Text(part, "getIncidentJson"))
	if s.get.method == http.MethodPost { // as in Kibana, a GET has no body
		s.get.body = body
	}
	s.titleKey = keyPath(r.RequiredText(part, "getIncidentResponseExternalTitleKey"))
	s.view = urlTemplate(r, template.ViewCase, "viewIncidentUrl", r.RequiredText(part, "viewIncidentUrl"))
}

func (s *settings) readUpdate(r *definition.Reader) {
	const part = definition.Config
	s.update.url = urlTemplate(r, template.UpdateCase, "updateIncidentUrl", r.RequiredText(part, "updateIncidentUrl"))
	s.update.method = method(r, "updateIncidentMethod", "put", "post", "patch")
	s.update.body = bodyTemplate(r, template.UpdateCase, "updateIncidentJson", r.RequiredText(part, "updateIncidentJson"))
}

// readComment reads what may be left out. A method that is null, unlike one
// that is not there, means to Kibana that no comment is sent.
func (s *settings) readComment(r *definition.Reader, def connector.Definition) {
	const part = definition.Config
	s.comment.url = urlTemplate(r, template.CreateComment, "createCommentUrl", r.Text(part, "createCommentUrl"))
	s.comment.method = method(r, "createCommentMethod", "put", "post", "patch")
	s.comment.body = bodyTemplate(r, template.CreateComment, "createCommentJson", r.Text(part, "createCommentJson"))
	if v, there := def.Config["createCommentMethod"]; there && v == nil {
		s.comment.method = ""
	}
	switch {
	case def.Config["createCommentUrl"] != nil && def.Config["createCommentJson"] == nil:
		r.Warn(part, "createCommentUrl", "comments are not sent, since createCommentJson is missing")
	case def.Config["createCommentUrl"] == nil && def.Config["createCommentJson"] != nil:
		r.Warn(part, "createCommentJson", "comments are not sent, since createCommentUrl is missing")
	}
	if s.comment.method == "" && s.comment.url != nil && s.comment.body != nil {
		r.Warn(part, "createCommentMethod", "comments are not sent, since it is null")
	}
}

func (s *settings) readDelivery(r *definition.Reader) {
	const part = definition.Delivery
	r.Known(part, deliveryKeys...)
	s.idempotencyKey, _ = definition.Optional[bool](r, part, "idempotency_key")
	s.maxInFlight = r.Number(part, "max_in_flight", 0, definition.Span{Low: 1, High: mostInFlight})
	s.settleTime = r.Duration(part, "settle_time", defaultSettleTime)
}

// method reads an HTTP method, which is the first of the allowed if the key is
// not there. Kibana writes them in lower case.
func method(r *definition.Reader, key string, allowed ...string) string {
	return strings.ToUpper(definition.Choice(r, definition.Config, key, allowed[0], allowed...))
}
