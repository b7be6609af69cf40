// Package stream is all of NATS: the event stream, the connector queues, the
// ledger's bucket, results and dead letters, and the embedded server. Nothing
// outside it knows a subject.
package stream

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
)

// DefaultPrefix begins every name in NATS.
const DefaultPrefix = "casepush"

// Names are the subjects, streams and buckets of one installation.
type Names struct{ prefix string }

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// NewNames checks the prefix; "" is the default one.
func NewNames(prefix string) (Names, error) {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	if !prefixPattern.MatchString(prefix) {
		return Names{}, fmt.Errorf("nats prefix %q: want 1 to 32 of A-Z, a-z, 0-9, _ and -", prefix)
	}
	return Names{prefix}, nil
}

func (n Names) stream(name string) string {
	return strings.ToUpper(strings.ReplaceAll(n.prefix, "-", "_")) + "_" + name
}

// Events is the stream of events: the history that replay reads.
func (n Names) Events() string { return n.stream("EVENTS") }

// Work is the stream of jobs and scheduled wake-ups.
func (n Names) Work() string { return n.stream("WORK") }

// Results is the stream of outcomes.
func (n Names) Results() string { return n.stream("RESULTS") }

// DeadLetters is the stream of dead letters.
func (n Names) DeadLetters() string { return n.stream("DLQ") }

// Ledger is the bucket of entries.
func (n Names) Ledger() string { return n.prefix + "_ledger" }

// Config is the bucket of what all workers share besides: pauses, holds, who
// has which queue.
func (n Names) Config() string { return n.prefix + "_config" }

// setting is the subject of a key of the config bucket.
func (n Names) setting(parts ...string) string {
	return "$KV." + n.Config() + "." + strings.Join(parts, ".")
}

// queueSetting is one of a queue's own settings.
func (n Names) queueSetting(queue, key string) string { return n.setting("queue", queue, key) }

// Event is the subject of one case's events.
func (n Names) Event(space, caseID string) string { return n.join("push", space, caseID) }

// Result is the subject of one case's outcomes.
func (n Names) Result(space, caseID string) string { return n.join("result", space, caseID) }

// job and later take the queue as a token: an encoded connector id or routeQueue.
func (n Names) job(queue, space, caseID string) string { return n.join("work", queue, space, caseID) }

func (n Names) later(queue, space, caseID string) string {
	return n.join("later", queue, space, caseID)
}

// laterRoute has the event's sequence too: no ledger entry remembers an event
// that waits for its connector, so none may take another's place.
func (n Names) laterRoute(space, caseID string, seq uint64) string {
	return n.join("later", routeQueue, space, caseID, strconv.FormatUint(seq, 10))
}

// laterVerify is beside the entry's other wake-up: neither replaces the other.
func (n Names) laterVerify(queue, space, caseID string) string {
	return n.join("later", queue, space, caseID, verifyToken)
}

const verifyToken = "verify"

// consumer is the name of a connector's queue's.
func (n Names) consumer(queue string) string { return n.prefix + "_push_" + queue }

func (n Names) queueFilter(queue string) string { return n.join("work", queue, ">") }

func (n Names) deadLetter(connector, space, caseID string) string {
	return n.join("dlq", encode(connector), encode(space), encode(caseID))
}

func (n Names) entry(k ledger.Key) string {
	return "$KV." + n.Ledger() + "." + encode(k.Connector) + "." + encode(k.Space) + "." + encode(k.Case)
}

func (n Names) join(parts ...string) string { return n.prefix + "." + strings.Join(parts, ".") }

// Upkeep is the name of the work that one worker at a time does for all
// connectors. It is no connector's id: those have no control characters.
const Upkeep = "\x00upkeep"

// queueToken is the token of a connector's queue; "" is that of the events
// which wait for Kibana.
func queueToken(queue string) string {
	switch queue {
	case "":
		return routeQueue
	case Upkeep:
		return upkeepQueue
	}
	return encode(queue)
}

// upkeepQueue is the token of Upkeep.
const upkeepQueue = "+upkeep"

// routeQueue is the name of the queue of events whose connector only Kibana
// knows. No connector id encodes to it.
const routeQueue = "+route"

// encodedMark begins a token that is not the id itself. It is legal in
// subjects and in bucket keys, and no plain token has it.
const encodedMark = "="

// encode makes any id a subject token; decode is its reverse.
func encode(id string) string {
	if event.IsToken(id) {
		return id
	}
	return encodedMark + base64.RawURLEncoding.EncodeToString([]byte(id))
}

func decode(token string) string {
	b64, ok := strings.CutPrefix(token, encodedMark)
	if !ok {
		return token
	}
	b, err := base64.RawURLEncoding.DecodeString(b64)
	if err != nil {
		return token
	}
	return string(b)
}

// lastTokens returns the last n tokens of a subject, decoded; nil if it has fewer.
func lastTokens(subject string, n int) []string {
	tokens := strings.Split(subject, ".")
	if len(tokens) < n {
		return nil
	}
	tokens = tokens[len(tokens)-n:]
	for i := range tokens {
		tokens[i] = decode(tokens[i])
	}
	return tokens
}
