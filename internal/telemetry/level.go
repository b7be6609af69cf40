package telemetry

import (
	"fmt"

	"go.uber.org/zap/zapcore"
)

// Level orders log lines. The zero value is [InfoLevel].
type Level = zapcore.Level

// Levels.
const (
	DebugLevel = zapcore.DebugLevel
	InfoLevel  = zapcore.InfoLevel
	WarnLevel  = zapcore.WarnLevel
	ErrorLevel = zapcore.ErrorLevel
)

// ParseLevel reads debug, info, warn or error, in lower case. The empty text
// is info.
func ParseLevel(text string) (Level, error) {
	switch text {
	case "debug":
		return DebugLevel, nil
	case "", "info":
		return InfoLevel, nil
	case "warn":
		return WarnLevel, nil
	case "error":
		return ErrorLevel, nil
	}
	return InfoLevel, fmt.Errorf("log level %q: want debug, info, warn or error", text)
}
