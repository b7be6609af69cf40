package ops

import (
	"fmt"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

func examineStream(c *chart, s stream.StreamFacts, manage stream.Manage) {
	switch {
	case s.Unknown != "":
		c.add(codeUnknown, SeverityProblem, s.Name, "cannot be asked for: "+s.Unknown, "let the user ask for the stream, or see that it has a leader")
		return
	case s.Missing && (manage == stream.Verify || manage == stream.None):
		c.add(codeMissing, SeverityProblem, s.Name, fmt.Sprintf("is missing, and nats.manage is %q: no worker starts", manage), "make it, or set nats.manage to create")
		return
	case s.Missing:
		c.add(codeMissing, SeverityAdvice, s.Name, "is missing", "the first worker that starts makes it")
		return
	}
	c.ok(codeStream, s.Name, streamText(s))
	if s.Refused != "" {
		c.add(codeRefused, SeverityProblem, s.Name, s.Refused, "no worker starts before that is mended (with nats.manage: none it does, and may lose or mix up messages)")
	}
	examineReplicas(c, s)
	examinePeers(c, s)
	examineRoom(c, s)
	if s.WantAge > 0 && s.MaxAge != s.WantAge {
		c.add(codeAge, SeverityAdvice, s.Name, fmt.Sprintf("keeps messages for %s, and %s is %s", ageText(s.MaxAge), s.AgeKey, ageText(s.WantAge)),
			"the next start of casepush run sets it, unless nats.manage forbids that")
	}
}

func streamText(s stream.StreamFacts) string {
	words := []string{
		fmt.Sprintf("%d messages, %s", s.Messages, bytesText(s.Bytes)),
		strings.ToLower(s.Storage), "retention " + strings.ToLower(s.Retention), "discard " + strings.ToLower(strings.TrimPrefix(s.Discard, "Discard")),
		"max age " + ageText(s.MaxAge), "duplicates " + s.Duplicates.String(),
	}
	if s.Direct {
		words = append(words, "direct reads")
	}
	if s.Schedules {
		words = append(words, "schedules")
	}
	return strings.Join(append(words, copiesText(s)), ", ")
}

// copiesText says where the copies are.
func copiesText(s stream.StreamFacts) string {
	if !s.Clustered {
		return "1 copy"
	}
	copies := []string{fmt.Sprintf("leader %s", orNone(s.Leader))}
	for _, p := range s.Peers {
		copies = append(copies, p.Name+" "+peerWord(p))
	}
	return fmt.Sprintf("%d copies: %s", s.Replicas, strings.Join(copies, ", "))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func peerWord(p stream.PeerFacts) string {
	switch {
	case p.Offline:
		return "is offline"
	case !p.Current:
		return fmt.Sprintf("is %d writes behind", p.Lag)
	}
	return "in step"
}

func ageText(d time.Duration) string {
	if d <= 0 {
		return "none"
	}
	const day = 24 * time.Hour
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}

func examineReplicas(c *chart, s stream.StreamFacts) {
	flags := fmt.Sprintf("--replicas %d", s.WantReplicas)
	if s.Direct && s.WantReplicas > 1 { // read directly, a replica that is behind would answer
		flags += " --no-allow-direct"
	}
	fix := fmt.Sprintf("nats stream edit %s %s, or correct nats.replicas", s.Name, flags)
	switch {
	case s.Replicas < s.WantReplicas:
		c.add(codeReplicas, SeverityWarning, s.Name, fmt.Sprintf("has %d replicas, and nats.replicas is %d: less than what is wanted survives a server", s.Replicas, s.WantReplicas), fix)
	case s.Replicas > s.WantReplicas:
		c.add(codeReplicas, SeverityAdvice, s.Name, fmt.Sprintf("has %d replicas, and nats.replicas is %d: a stream that is made anew would have fewer", s.Replicas, s.WantReplicas), fix)
	case s.Replicas == 2:
		c.add(codeReplicas, SeverityAdvice, s.Name, "has 2 replicas: it stands still when either server is away", "use 3")
	}
}

func examinePeers(c *chart, s stream.StreamFacts) {
	if !s.Clustered {
		return
	}
	if s.Leader == "" {
		c.add(codePeers, SeverityProblem, s.Name, "has no leader: nothing can be written or read", "start the servers that are away: more than half of its copies are needed")
		return
	}
	var behind []string
	for _, p := range s.Peers {
		if p.Offline || !p.Current {
			behind = append(behind, fmt.Sprintf("%s %s, heard of %s ago", p.Name, peerWord(p), p.Seen.Round(time.Second)))
		}
	}
	if len(behind) > 0 {
		c.add(codePeers, SeverityWarning, s.Name, "not all copies are in step: "+strings.Join(behind, "; "), "start the servers that are away, and look again")
	}
}

// examineRoom looks at a stream's own limits. The event stream refuses producers
// when it is full; others discard what is oldest.
func examineRoom(c *chart, s stream.StreamFacts) {
	share := 0.0
	if s.MaxBytes > 0 {
		share = float64(s.Bytes) / float64(s.MaxBytes)
	}
	if s.MaxMessages > 0 {
		share = max(share, float64(s.Messages)/float64(s.MaxMessages))
	}
	if severity := fullness(share); severity != SeverityOK {
		c.add(codeFull, severity, s.Name, fmt.Sprintf("is %.0f %% full by its own limits (max_bytes, max_msgs)", 100*share), "raise the limits or remove them")
	}
}
