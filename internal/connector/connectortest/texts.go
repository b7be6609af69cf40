package connectortest

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/casepush/casepush/internal/connector"
)

// longText is 40 kB and more without white space: characters of 1, 2, 3 and 4
// bytes, of 1 and 2 UTF-16 units. The offset moves the character boundaries.
func longText(offset int) string {
	const unit = "aé漢😀"
	return strings.Repeat("x", offset) + strings.Repeat(unit, 40<<10/len(unit)+1)
}

func textCases() []namedCase {
	return []namedCase{
		{"text: 40 kB cut as the pusher does", textCut},
		{"text: 40 kB uncut", textUncut},
	}
}

// limits returns the fields to try: those with a limit that the sample has,
// and the comment.
func (b *bench) limits() map[string]connector.Limit {
	limits := maps.Clone(b.conn.Capabilities().Limits)
	maps.DeleteFunc(limits, func(name string, _ connector.Limit) bool {
		return name != "comment" && !slices.Contains(b.textNames(), name)
	})
	return limits
}

// send puts the text into the named field of a new incident, or into a
// comment, and returns what the tracker stored.
func (b *bench) send(name, text string) (stored string, err error) {
	b.Helper()
	if name == "comment" {
		ref := b.create(0)
		if err := b.conn.AddComment(b.context(), ref, comment("c1", text)); err != nil {
			return "", err
		}
		return b.incident(ref.ID).Comments[0], nil
	}
	in := connector.Incident{Fields: slices.Clone(b.h.Incident.Fields)}
	for i := range in.Fields {
		if in.Fields[i].Name == name {
			in.Fields[i].Value = text
		}
	}
	ref, err := b.conn.CreateIncident(b.context(), caseID(0), in)
	if err != nil {
		return "", err
	}
	return b.incident(ref.ID).Texts[name], nil
}

// textCut sends texts that just fit the limit: the tracker keeps all of it.
func textCut(t testing.TB, h Harness) {
	b := newBench(t, h)
	for name, limit := range b.limits() {
		for offset := range 4 {
			head, _ := limit.Cut(longText(offset))
			stored, err := b.send(name, head)
			if err != nil {
				b.Errorf("field %q: a text at the limit is refused: %v", name, err)
			} else if stored != h.Stored(head) {
				b.Errorf("field %q: sent %d bytes at the limit, stored %d", name, len(head), len(stored))
			}
		}
	}
}

// textUncut sends too much: it is refused, or cut between two characters.
func textUncut(t testing.TB, h Harness) {
	b := newBench(t, h)
	for name, limit := range b.limits() {
		for offset := range 4 {
			text := longText(offset)
			count := len(b.tracker.Incidents())
			stored, err := b.send(name, text)
			if err != nil {
				b.checkKind(b.checkError(err), connector.Rejected, connector.NotApplied)
				if name != "comment" && len(b.tracker.Incidents()) != count {
					b.Errorf("field %q: refused, but an incident was made", name)
				}
				continue
			}
			if head, _ := limit.Cut(stored); head != stored {
				b.Errorf("field %q: %d bytes stored, more than its limit", name, len(stored))
			}
			if !utf8.ValidString(stored) || !strings.HasPrefix(h.Stored(text), stored) {
				b.Errorf("field %q: cut within a character, or altered: …%q", name, stored[max(0, len(stored)-16):])
			}
		}
	}
}
