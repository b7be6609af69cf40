package telemetry

import (
	"bytes"
	"encoding/json"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// redactingEncoder redacts the lines of a JSON encoder.
type redactingEncoder struct {
	zapcore.Encoder
	redact func(string) string
}

// Clone is called by With.
func (e redactingEncoder) Clone() zapcore.Encoder {
	return redactingEncoder{e.Encoder.Clone(), e.redact}
}

// EncodeEntry encodes one line and redacts it.
func (e redactingEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return nil, err
	}
	if redacted := redactJSON(line.Bytes(), e.redact); redacted != nil {
		line.Reset()
		line.AppendBytes(redacted)
	}
	return line, nil
}

// redactJSON passes every string of a JSON text through redact, decoded: keys
// as well as values, at any depth. It returns nil if nothing changed, else a
// new text that is as valid as the old one.
//
// Working on the encoded line would miss a secret that JSON escapes, and could
// cut an escape sequence in two.
func redactJSON(text []byte, redact func(string) string) []byte {
	var out []byte
	done := 0 // text[:done] is in out
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		end := stringEnd(text, i)
		if changed, ok := redactLiteral(text[i:end], redact); ok {
			out = append(append(out, text[done:i]...), changed...)
			done = end
		}
		i = end - 1
	}
	if out == nil {
		return nil
	}
	return append(out, text[done:]...)
}

// stringEnd returns the index behind the closing quote of the JSON string that
// begins at start.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// redactLiteral returns the redacted form of one JSON string, quotes included,
// and whether it differs.
func redactLiteral(literal []byte, redact func(string) string) ([]byte, bool) {
	plain := string(bytes.Trim(literal, `"`))
	if bytes.IndexByte(literal, '\\') >= 0 {
		if err := json.Unmarshal(literal, &plain); err != nil {
			plain = string(literal)
		}
	}
	redacted := redact(plain)
	if redacted == plain {
		return nil, false
	}
	encoded, err := json.Marshal(redacted)
	return encoded, err == nil // a string always encodes
}
