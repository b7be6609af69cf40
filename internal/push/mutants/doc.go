// Package mutants holds a test of a test: mistakes that somebody might make in
// the pusher, each as a small change of its source, and each of which the
// histories of internal/push/history must notice. `make mutants` tries them
// all; `go test` only checks that each change still fits the source.
package mutants
