package telemetry

import (
	"time"

	"go.uber.org/zap"
)

// Field is one key and value of a log line.
type Field = zap.Field

// String is a text.
func String(key, value string) Field { return zap.String(key, value) }

// Int is a whole number.
func Int(key string, value int) Field { return zap.Int(key, value) }

// Int64 is a whole number.
func Int64(key string, value int64) Field { return zap.Int64(key, value) }

// Uint64 is a whole number: sequences of a stream.
func Uint64(key string, value uint64) Field { return zap.Uint64(key, value) }

// Bool is true or false.
func Bool(key string, value bool) Field { return zap.Bool(key, value) }

// Duration is written in nanoseconds, as ECS has event.duration, and as Go's
// text on a console.
func Duration(key string, value time.Duration) Field { return zap.Duration(key, value) }

// Time is written in RFC 3339 with milliseconds.
func Time(key string, value time.Time) Field { return zap.Time(key, value) }

// Err is the cause of the line: error.message in ECS. A nil error adds nothing.
func Err(err error) Field { return zap.Error(err) }
