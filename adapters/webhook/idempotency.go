package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// idempotencyHeader carries the key by which the target knows a repetition.
// http.Transport sends a request that has it again by itself when a kept
// connection dies; httpclient keeps it from that by the spelling.
const idempotencyHeader = "Idempotency-Key"

// createKey identifies the create of a case's incident. It never changes for
// the same id: a target remembers it, and another key would make a second
// incident.
func createKey(id connector.CorrelationID) string {
	return idempotencyKey("create", id.ConnectorID, id.SpaceID, id.CaseID, id.After)
}

// commentKey identifies one text of one comment at one incident, for ever.
func commentKey(ref connector.Ref, c connector.Comment) string {
	return idempotencyKey("comment", ref.ID, c.ID, c.Source)
}

// idempotencyKey is the SHA-256 of the parts with a zero byte between them, in
// 64 hexadecimal digits.
func idempotencyKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}
