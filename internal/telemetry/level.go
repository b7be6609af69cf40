package telemetry

import (
	"fmt"

	"go.uber.org/zap"
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

// LevelSwitch changes the level of a running logger and of all loggers that
// were derived from it. It is safe for concurrent use.
type LevelSwitch struct{ level zap.AtomicLevel }

// Set takes effect from the next line on.
func (s *LevelSwitch) Set(l Level) { s.level.SetLevel(l) }

// Level returns the level in effect.
func (s *LevelSwitch) Level() Level { return s.level.Level() }
