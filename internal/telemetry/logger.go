// Package telemetry sets up what the program says about itself. It is the only
// importer of zap: everybody else logs through the names it re-exports.
package telemetry

import (
	"bytes"
	"io"
	"log"
	"os"

	"go.elastic.co/ecszap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Logger is safe for concurrent use. Its methods Debug, Info, Warn and Error
// take a message and fields; With and Named derive a logger.
type Logger = zap.Logger

// Options says how a logger writes. The zero value writes ECS lines of level
// Info and above to stderr, unredacted.
type Options struct {
	// Level is the lowest level that is written.
	Level Level
	// Console writes lines for people, for a terminal. Otherwise each line is
	// one JSON object in the Elastic Common Schema.
	Console bool
	// Writer takes whole lines, one per Write, never two at once. nil is stderr.
	Writer io.Writer
	// Redact is given every text of a line, names of fields and messages of
	// errors included, as it was before it was encoded: a secret is found
	// however the line escapes it. It must be safe for
	// concurrent use. nil leaves lines alone.
	Redact func(string) string
}

// NewLogger makes a logger.
// Fatal panics instead of ending the process, which only main may do.
func NewLogger(o Options) *Logger {
	w := o.Writer
	if w == nil {
		w = os.Stderr
	}
	if o.Redact == nil {
		o.Redact = func(s string) string { return s }
	}
	sink := zapcore.Lock(zapcore.AddSync(w))
	return zap.New(newCore(o, sink),
		// zap's own complaints, such as a full disk: not through the sink that failed.
		zap.ErrorOutput(zapcore.Lock(os.Stderr)),
		zap.WithFatalHook(zapcore.WriteThenPanic),
	)
}

func newCore(o Options, sink zapcore.WriteSyncer) zapcore.Core {
	if o.Console {
		return zapcore.NewCore(newConsoleEncoder(o.Redact), sink, o.Level)
	}
	ecs := zapcore.NewJSONEncoder(ecszap.NewDefaultEncoderConfig().ToZapCoreEncoderConfig())
	return ecszap.WrapCore(zapcore.NewCore(redactingEncoder{ecs, o.Redact}, sink, o.Level))
}

// Nop is a logger that writes nothing.
func Nop() *Logger { return zap.NewNop() }

// StdLog is for packages that want the standard library's logger, such as
// http.Server.ErrorLog: each line they print goes to l at the given level.
func StdLog(l *Logger, level Level) *log.Logger {
	return log.New(lineWriter{l, level}, "", 0)
}

type lineWriter struct {
	logger *Logger
	level  Level
}

// Write logs one line.
func (w lineWriter) Write(line []byte) (int, error) {
	w.logger.Log(w.level, string(bytes.TrimRight(line, "\n")))
	return len(line), nil
}
