package telemetry

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

const consoleTime = "15:04:05.000"

// consoleEncoder writes lines for people: time, level, message, key=value.
type consoleEncoder struct {
	zapcore.Encoder // encodes the fields alone, as one JSON object
	redact          func(string) string
	lines           buffer.Pool
}

func newConsoleEncoder(redact func(string) string) consoleEncoder {
	fields := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeTime:     zapcore.RFC3339TimeEncoder,
	})
	return consoleEncoder{Encoder: fields, redact: redact, lines: buffer.NewPool()}
}

// Clone is called by With.
func (e consoleEncoder) Clone() zapcore.Encoder {
	return consoleEncoder{e.Encoder.Clone(), e.redact, e.lines}
}

// EncodeEntry encodes and redacts one line.
func (e consoleEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	encoded, err := e.Encoder.EncodeEntry(zapcore.Entry{}, fields)
	if err != nil {
		return nil, err
	}
	defer encoded.Free()
	line := e.lines.Get()
	line.AppendString(entry.Time.Local().Format(consoleTime))
	line.AppendString(" ")
	line.AppendString(levelColumn(entry.Level))
	if entry.LoggerName != "" {
		line.AppendString(e.redact(entry.LoggerName))
		line.AppendString(": ")
	}
	line.AppendString(oneLine(e.redact(entry.Message)))
	for _, field := range objectFields(encoded.Bytes()) {
		line.AppendString("  ")
		line.AppendString(plainWord(e.redact(field.key)))
		line.AppendString("=")
		line.AppendString(e.value(field.value))
	}
	line.AppendString("\n")
	return line, nil
}

// levelColumn has one width for all levels.
func levelColumn(l Level) string {
	const width = len("ERROR ")
	name := l.CapitalString()
	return name + strings.Repeat(" ", max(1, width-len(name)))
}

// value writes a text bare where that is clear, anything else as JSON.
func (e consoleEncoder) value(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"' {
		return plainWord(e.redact(text))
	}
	if redacted := redactJSON(raw, e.redact); redacted != nil {
		raw = redacted
	}
	return string(raw)
}

// plainWord quotes what is not one plain word, so that no value can look like
// a further field or move the cursor of the terminal.
func plainWord(text string) string {
	if text != "" && !strings.ContainsFunc(text, unclear) {
		return text
	}
	return strconv.Quote(text)
}

// oneLine quotes a text that a terminal would not show as it is.
func oneLine(text string) string {
	if strings.ContainsFunc(text, unprintable) {
		return strconv.Quote(text)
	}
	return text
}

func unclear(r rune) bool { return r == ' ' || r == '"' || r == '=' || unprintable(r) }

// unprintable: control characters, and those that reorder or hide text.
func unprintable(r rune) bool { return !strconv.IsPrint(r) }

type objectField struct {
	key   string
	value json.RawMessage
}

// objectFields returns the members of a JSON object in their order. It ends at
// the first thing that is not JSON.
func objectFields(object []byte) []objectField {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	var fields []objectField
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return fields
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return fields
		}
		fields = append(fields, objectField{name, value})
	}
	return fields
}
