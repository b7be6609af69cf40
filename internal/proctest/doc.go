// Package proctest runs the real programs as processes in tests: it builds
// casepush and nats-server, starts them so that they die with the test, kills
// and suspends them, and waits for what they say.
//
// Linux alone promises that a child dies when the test is killed; elsewhere it
// dies with the test's cleanup.
package proctest
