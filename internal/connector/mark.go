package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	// markPrefix begins every mark.
	markPrefix    = "kibana-case-"
	markHashChars = 10
	// maxMark is what a Jira label may have, in characters.
	maxMark = 255
)

// Mark is the correlation id as a tracker stores it that has no place for the
// case's id alone: kibana-case-<case id>-<hash>. The case id is for people; the
// hash of connector, space and case keeps two connectors apart that push to one
// place. It has at most 255 characters, all of them letters, digits, '.', '_'
// and '-', so that no query language and no HTML escapes any.
func (id CorrelationID) Mark() string {
	sum := sha256.Sum256([]byte(id.ConnectorID + "\x00" + id.SpaceID + "\x00" + id.CaseID))
	name := strings.Map(markRune, id.CaseID)
	if most := maxMark - len(markPrefix) - 1 - markHashChars; len(name) > most {
		name = name[:most]
	}
	return markPrefix + name + "-" + hex.EncodeToString(sum[:])[:markHashChars]
}

// IsMark reports whether a text has the form of a mark, whichever case's.
func IsMark(text string) bool {
	m, ok := strings.CutPrefix(text, markPrefix)
	if !ok || len(m) < markHashChars+1 || strings.Map(markRune, m) != m {
		return false
	}
	sum := m[len(m)-markHashChars:]
	return m[len(m)-markHashChars-1] == '-' && strings.Trim(sum, "0123456789abcdef") == ""
}

func markRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		return r
	}
	return '-'
}
