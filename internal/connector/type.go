package connector

import (
	"fmt"
	"net/http"

	"github.com/casepush/casepush/internal/secret"
)

// Type is one connector type: everything the rest of the program needs to know
// about an adapter. The table of types is adapters.Types.
type Type struct {
	ID   string // ".jira", as Kibana names it
	Name string // as Kibana's pages name it
	// Mapping is what Kibana maps for this type when nobody says otherwise.
	Mapping []MappingRow
	// RequiredTargets are the fields without which the tracker creates nothing.
	RequiredTargets []string
	// Append says whether title and description may be appended to.
	Append bool
	// Format makes what Kibana's formatter adds to the mapped fields. nil adds
	// nothing. The definition has passed Check.
	Format func(Definition, CaseInfo) (Formatted, error)
	// Alerts names the fields of the case's alert documents that Format needs,
	// such as "source.ip"; none, or a nil function: it needs no documents. It
	// looks at CaseInfo.Fields alone.
	Alerts func(CaseInfo) []string
	// Check validates a definition without any I/O and reports every problem.
	Check func(Definition) []Problem
	// New makes a connector. The definition has passed Check.
	New func(Definition, Dependencies) (Connector, error)
	// TLS returns the connector's own settings of TLS, which go before those of
	// outbound; nil, or the zero value: there are none. The definition has
	// passed Check.
	TLS func(Definition) (TLS, error)
	// Place names where a correlation id means the case alone, whichever
	// connector made the incident: two connectors of one place would take each
	// other's incidents for theirs. nil, or "": there is no such place.
	Place func(Definition) string
}

// Formatted is what a Format function makes of a case.
type Formatted struct {
	// Fields by the names of the connector type; one of a name that is mapped
	// too takes its place. Without a Source the value's JSON is the identity.
	Fields []Field
	// Comments follow the case's own, whatever the mapping says of those. Each
	// has ID, Text and Target; Source and Digest are filled in from Text if
	// they are empty.
	Comments []Comment
}

// TLS is how one connector meets its tracker. The zero value is that of
// outbound.
type TLS struct {
	VerificationMode     string   // full, certificate, none; "" is outbound's
	CertificateAuthority [][]byte // PEM; replaces the others
	// Certificate and Key are the client's, in PEM form; the key may be
	// encrypted with the passphrase.
	Certificate   []byte
	Key           secret.String
	KeyPassphrase secret.String
}

// Definition is one configured connector, whatever place it comes from.
type Definition struct {
	ID, Name, Type string
	// Config as in Kibana's API: strings, bools, json.Number or float64, maps, lists.
	Config map[string]any
	// Secrets by key. A secret that is an object is its JSON text.
	Secrets map[string]secret.String
	// Delivery holds the adapter's keys of delivery.<id>, such as find_delay.
	// Durations are Go's texts ("2m").
	Delivery map[string]any
	// Mapping is the mapping of a 7.x definition (casesConfiguration.mapping), else nil.
	Mapping []MappingRow
}

// Dependencies is what a connector is given from outside.
type Dependencies struct {
	// HTTP sends the requests of this connector alone. It follows no redirect,
	// refuses hosts that are not allowed and bounds time and size of answers.
	HTTP *http.Client
}

// Problem is one thing that is wrong with a definition.
type Problem struct {
	// Path leads to the key: ["config", "apiUrl"], ["secrets", "apiToken"], ["delivery", "find_delay"].
	Path []string
	// Message says what is wrong and how to mend it, and shows no secret.
	Message string
	// Warning: it works all the same.
	Warning bool
}

// CaseInfo is what a Format function sees of a case.
type CaseInfo struct {
	ID, Title, Description, Severity, Status string
	Tags                                     []string
	// Fields are the case's connector fields; nil when the push goes to
	// another connector than the case's own.
	Fields map[string]any
	// Alerts are alert documents, whole or with the fields alone that the type
	// has asked for.
	Alerts []map[string]any
}

// Source is a part of a case that a mapping row names.
type Source string

// Sources.
const (
	Title       Source = "title"
	Description Source = "description"
	Comments    Source = "comments"
	Tags        Source = "tags"
)

// ActionType says what a mapping row does with the tracker's value.
type ActionType string

// Action types.
const (
	Overwrite ActionType = "overwrite"
	Append    ActionType = "append"
	Nothing   ActionType = "nothing"
)

// NotMapped is the target that drops a field, as in Kibana.
const NotMapped = "not_mapped"

// MappingRow maps one part of a case to one field of the tracker.
type MappingRow struct {
	Source     Source     `json:"source" yaml:"source"`
	Target     string     `json:"target" yaml:"target"`
	ActionType ActionType `json:"action_type" yaml:"action_type"`
}

// String returns the row as people write it: title → summary (overwrite).
func (r MappingRow) String() string {
	return fmt.Sprintf("%s → %s (%s)", r.Source, r.Target, r.ActionType)
}
