package stream

import "fmt"

// serverLog passes the embedded server's warnings and errors on.
type serverLog struct{ to func(text string) }

func (serverLog) Noticef(string, ...any) {}
func (serverLog) Debugf(string, ...any)  {}
func (serverLog) Tracef(string, ...any)  {}

func (l serverLog) Warnf(format string, v ...any)  { l.to(fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any) { l.to(fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any) { l.to(fmt.Sprintf(format, v...)) }
