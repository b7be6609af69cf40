package main

import "github.com/spf13/pflag"

// configFlag goes to the commands that read a configuration, and to no other:
// a flag that does nothing would be believed.
func (a *app) configFlag(f *pflag.FlagSet) {
	f.StringVarP(&a.configPath, "config", "c", a.env("CASEPUSH_CONFIG"), "configuration `file`; also CASEPUSH_CONFIG")
}

// logLevelFlag goes to the commands that write a log.
func (a *app) logLevelFlag(f *pflag.FlagSet) {
	f.StringVar(&a.logLevel, "log-level", "info", "debug, info, warn or error")
}

// flagsBeforeVerb lets the root know the flags, so that "casepush -c FILE run"
// finds its verb. The verb reads them, or refuses them.
func (a *app) flagsBeforeVerb(f *pflag.FlagSet) {
	a.configFlag(f)
	a.logLevelFlag(f)
	for _, name := range []string{"config", "log-level"} {
		_ = f.MarkHidden(name) // it is there
	}
}
