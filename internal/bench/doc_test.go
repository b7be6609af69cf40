// Package bench measures the delivery path: how fast the real worker pushes,
// with how much CPU, memory and how many connections, beside programs that do
// less: a naive worker, an ideal one that does the same durable writes and
// nothing else, and the bare limit of consuming and requesting.
//
// Everything that is measured is a process of its own: nats-server, casepush,
// the tracker, and each program it is compared with. `go test` runs a tiny
// round that checks the rig and its counts; `make bench` measures.
// BENCHMARKS.md has the method and results.
package bench
