// Package fakes has a fake Kibana and fake trackers: servers that keep state,
// answer as the real ones do on the routes that a push uses, and fail on
// purpose when told to. Tests use them in-process as http.Handlers, `casepush
// demo` shows them, and `casepush fakes` serves them for other programs' tests.
//
// # Fidelity
//
// What a fake does is what is known of the real server: from published
// specifications, documentation and recorded answers. A request that the real
// server refuses is refused here with the same status and, where its wording
// is known, the same words. A route that is not listed at a fake's type answers
// 404 or 405: it is never silently accepted. Fakes keep everything in memory
// and forget it with the process.
//
// # Failing on purpose
//
// Each fake runs every request past its [Faults]: rules that delay it, answer
// in its place, drop the answer after acting, or close the connection before
// acting. Rules are set from Go or over HTTP:
//
//	GET    /__faults       the rules with their counters
//	POST   /__faults       add a [Rule] or a list of them: 201, with their ids
//	DELETE /__faults       remove all; /__faults/{id} removes one: 204
//	GET    /__requests     the journal: {"requests": [...], "forgotten": 0}; ?writes=true: only those that changed something
//	DELETE /__requests     empty it: 204
//	GET    /__state        all that the fake holds, as JSON
//
// These routes need no credentials, are not in the journal and meet no faults.
//
// # Concurrency and time
//
// Everything is safe for concurrent use. A fake starts no goroutine, and its
// time is time.Now and timers, so that it works inside a testing/synctest
// bubble together with [Transport].
package fakes
