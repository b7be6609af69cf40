// Package history holds a test: the real pusher, the real Jira adapter and the
// real client of Kibana go through every history of a few pushes in which one
// or two things go wrong, in virtual time, and after each history fake Kibana,
// fake Jira and ledger are audited.
//
// A history is a scenario and at most two misfortunes, each at one numbered
// step of it. A step is whatever the pusher asks of the world: read or write an
// entry, read the mailbox, a request to Jira or Kibana, publish a result, store
// a dead letter, store a wake-up, acknowledge. A run without misfortunes tells
// which steps there are, so that all single misfortunes can be tried; each of
// those runs tells which steps come after it, so that all pairs can.
package history
