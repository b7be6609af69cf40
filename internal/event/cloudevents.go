package event

import (
	"encoding/base64"
	"net/url"
	"sort"
	"strings"
)

// Header names. CloudEvents' NATS binding writes them in lower case; libraries
// that canonicalize write Ce-Id.
const (
	headerMsgID       = "Nats-Msg-Id"
	headerTraceParent = "traceparent"
	headerSpecVersion = "ce-specversion"
)

// specVersion is the only CloudEvents version there is since 2019; its patch
// releases keep the text.
const specVersion = "1.0"

// envelope is a message without its wrapping.
type envelope struct {
	id, traceParent string
	data            object
}

// open takes the event out of its wrapping.
func open(m Message) (envelope, error) {
	body, err := parseObject(m.Body, "")
	if err != nil {
		return envelope{}, err
	}
	env := envelope{
		id:          header(m.Header, headerMsgID),
		traceParent: header(m.Header, headerTraceParent),
		data:        body,
	}
	_, structured := body.get("specversion")
	switch {
	case header(m.Header, headerSpecVersion) != "":
		err = env.binary(m.Header)
	case structured:
		err = env.structured(body)
	}
	if !traceParentPattern.MatchString(env.traceParent) {
		env.traceParent = "" // a broken trace must not cost the push
	}
	return env, err
}

// binary takes the attributes from headers; the body is the data already.
func (env *envelope) binary(h map[string][]string) error {
	if header(h, headerSpecVersion) != specVersion {
		return &MalformedError{"header " + headerSpecVersion, "is not " + specVersion, "send CloudEvents 1.0, or plain JSON without ce- headers"}
	}
	env.attributes(unescape(header(h, "ce-id")), unescape(header(h, "ce-traceparent")))
	return nil
}

// structured takes attributes and data from the body.
func (env *envelope) structured(body object) error {
	version, err := body.text("specversion")
	if err != nil {
		return err
	}
	if version != specVersion {
		return malformedKey("specversion", "is not "+specVersion, "send CloudEvents 1.0, or plain JSON without this key")
	}
	id, err := body.text("id")
	if err != nil {
		return err
	}
	trace, err := body.text("traceparent")
	if err != nil {
		return err
	}
	env.attributes(id, trace)
	env.data, err = data(body)
	return err
}

// attributes lets the envelope's id win over the message's. The header's trace
// wins over the envelope's: it is the nearer span, the other one is the origin.
func (env *envelope) attributes(id, trace string) {
	if id != "" {
		env.id = id
	}
	if env.traceParent == "" {
		env.traceParent = trace
	}
}

// data reads the data of a structured event: an object, the JSON text of one,
// or that in base64.
func data(body object) (object, error) {
	plain := body.raw("data")
	encoded, err := body.text("data_base64")
	switch {
	case err != nil:
		return object{}, err
	case plain != nil && encoded != "":
		return object{}, malformedKey("data_base64", "stands beside data", "send one of the two")
	case encoded != "":
		b, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return object{}, malformedKey("data_base64", "is not base64", "encode it with the standard alphabet and padding")
		}
		return parseObject(b, "data_base64")
	case plain == nil:
		return object{}, malformedKey("data", "is missing", `put the push event there, as in {"specversion": "1.0", …, "data": {"case_id": "…"}}`)
	case plain[0] == '"':
		text, err := body.text("data")
		if err != nil {
			return object{}, err
		}
		return parseObject([]byte(text), "data")
	}
	return nested(plain, "data")
}

// unescape undoes the percent-encoding of CloudEvents headers. A value that is
// not encoded properly is taken as it is.
func unescape(s string) string {
	if v, err := url.PathUnescape(s); err == nil {
		return v
	}
	return s
}

// header returns the first value of the named header in any letter case; of
// several spellings the exact one, else the first by name.
func header(h map[string][]string, name string) string {
	for _, v := range h[name] {
		return v
	}
	var spellings []string
	for k, v := range h {
		if strings.EqualFold(k, name) && len(v) > 0 {
			spellings = append(spellings, k)
		}
	}
	if len(spellings) == 0 {
		return ""
	}
	sort.Strings(spellings)
	return h[spellings[0]][0]
}
