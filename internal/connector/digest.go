package connector

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Digest identifies a text as a tracker may give it back: line ends are made
// "\n" and white space at both ends is dropped first, since trackers do so.
// It has 11 characters (64 bits), small enough to keep one per comment.
func Digest(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	sum := sha256.Sum256([]byte(strings.TrimSpace(text)))
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}
