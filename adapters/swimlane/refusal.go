package swimlane

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/connector"
)

// Codes of Swimlane's errors that decide something. swimlane-python has them
// all (swimlane/exceptions.py).
const (
	codePasswordExpired         = 1000
	codeInvalidUser             = 1002
	codePasswordResetRequired   = 1005
	codeDuplicateFieldValue     = 3000
	codeRecordNotFound          = 3002
	codeUnableToRetrieveValue   = 5004
	codeUnableToConnectDatabase = 5005
	codeUpgradeInProcess        = 5009
	codeUnableToRetrieveKey     = 5011
	codeDatabaseError           = 5015
)

// codeNames are Swimlane's names of the codes that a push may meet.
func codeNames() map[int]string {
	return map[int]string{
		codePasswordExpired: "PasswordExpired", codeInvalidUser: "InvalidUserNameOrPassword", codePasswordResetRequired: "PasswordResetRequired",
		1007: "InvalidUser", 2003: "ApplicationNotFound", 2004: "InvalidCalculation",
		codeDuplicateFieldValue: "DuplicateFieldValue", 3001: "InvalidDateField", codeRecordNotFound: "RecordNotFound", 3003: "FieldNotFound",
		3006: "MaxAttachmentSize", 4001: "BadFilter", 5002: "NewServerInstall",
		codeUnableToRetrieveValue: "UnableToRetrieveStoredValue", codeUnableToConnectDatabase: "UnableToConnectToMongoDb", 5008: "ModelValidationError",
		codeUpgradeInProcess: "UpgradeInProcess", 5010: "RequiredFieldMissing", codeUnableToRetrieveKey: "UnableToRetrieveEncryptionKey",
		5012: "PathNotFound", 5013: "WrongType", codeDatabaseError: "DatabaseError", 7000: "RegexNotDefined",
	}
}

// refusal is what Swimlane says in the body of a 400; no other status has one.
type refusal struct {
	code     int // 0: it gave none
	argument string
}

// Error gives the name of the code, then what Kibana shows: the argument and
// the code. "" if the tracker said nothing.
func (r *refusal) Error() string {
	if r == nil || r.code == 0 {
		return ""
	}
	text := fmt.Sprintf("(%d)", r.code)
	if r.argument != "" {
		text = r.argument + " " + text
	}
	if name := codeNames()[r.code]; name != "" {
		sep := " "
		if r.argument != "" {
			sep = ": "
		}
		text = name + sep + text
	}
	return text
}

// readRefusal reads the body of a refusal. One that is none has the code 0.
func readRefusal(body []byte) *refusal {
	var answer struct {
		ErrorCode json.Number
		Argument  json.RawMessage
	}
	if json.Unmarshal(body, &answer) != nil {
		return &refusal{}
	}
	code, err := answer.ErrorCode.Int64()
	if err != nil {
		return &refusal{}
	}
	return &refusal{code: int(code), argument: plainJSON(answer.Argument)}
}

// plainJSON is a JSON string's text, "" for null, or the JSON of anything else.
func plainJSON(raw json.RawMessage) string {
	var s *string
	switch {
	case len(raw) == 0:
		return ""
	case json.Unmarshal(raw, &s) != nil:
		return string(raw)
	case s == nil:
		return ""
	}
	return *s
}

// coded is the cause of an error whose refusal had a code: errors.As finds the
// code, and its text is the bounded and redacted one of httpclient.
type coded struct {
	error
	said *refusal
}

// As makes the refusal found.
func (c coded) As(target any) bool {
	to, ok := target.(**refusal)
	if ok {
		*to = c.said
	}
	return ok
}

// Unwrap returns the cause.
func (c coded) Unwrap() error { return c.error }

// judge says what the code of a 400 means; the status alone says Rejected.
func judge(e *connector.Error, said *refusal, c call) *connector.Error {
	if e.Status != http.StatusBadRequest || said == nil || said.code == 0 || e.Err == nil {
		return e
	}
	out := *e
	out.Err = coded{e.Err, said}
	switch said.code {
	case codeRecordNotFound:
		if !c.search {
			out.Kind = connector.NotFound
		}
	case codePasswordExpired, codeInvalidUser, codePasswordResetRequired:
		out.Kind = connector.Unauthenticated
	case codeUpgradeInProcess: // it did not look at the request
		out.Kind = connector.Transient
	case codeDatabaseError, codeUnableToConnectDatabase, codeUnableToRetrieveValue, codeUnableToRetrieveKey:
		out.Kind = connector.Transient // trouble of the server's own, maybe half way
		if !c.reads && !c.search {
			out.Effect = connector.EffectUnknown
		}
	}
	return &out
}
