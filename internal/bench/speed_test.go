//go:build linux

package bench

// rounds of a comparison of programs.
const rounds = 3

// creates: one creating request a case.
func creates(b *bench) {
	b.compare("W1: one create a case, tracker 0 ms", rounds, b.backlog,
		setup{program: casepush, cases: 8000},
		setup{program: casepush, cases: 8000, flight: 256},
		setup{program: naive, cases: 16000},
		setup{program: ideal, cases: 12000},
		setup{program: bare, cases: 20000},
		setup{program: casepush, cases: 3000, embedded: true},
		setup{program: ideal, cases: 3000, sync: true},
	)
}

// slowTracker: a tracker that takes 20 ms for each request.
func slowTracker(b *bench) {
	b.compare("W2: one create a case, tracker 20 ms", rounds, b.backlog,
		setup{program: casepush, cases: 6000, latencyMS: 20},
		setup{program: naive, cases: 9000, latencyMS: 20},
		setup{program: ideal, cases: 9000, latencyMS: 20},
		setup{program: bare, cases: 9000, latencyMS: 20},
	)
}

// withComments: four requests a case, in order.
func withComments(b *bench) {
	b.compare("W3: a create and 3 comments a case, tracker 0 ms", rounds, b.backlog,
		setup{program: casepush, cases: 5000, comments: 3},
		setup{program: naive, cases: 6000, comments: 3},
		setup{program: ideal, cases: 6000, comments: 3},
		setup{program: bare, cases: 12000, comments: 3},
	)
}

// delays: the time from the publishing of an event to the first request, on a
// queue that is empty otherwise.
func delays(b *bench) {
	const perSecond, cases = 50, 300
	b.compare("delay: 50 events/s, one create a case, tracker 0 ms", rounds,
		func(s setup) figures { return b.paced(s, perSecond) },
		setup{program: casepush, cases: cases},
		setup{program: naive, cases: cases},
		setup{program: ideal, cases: cases},
		setup{program: casepush, cases: cases, embedded: true},
	)
}

// profile: where the worker's CPU time goes under W1.
func profile(b *bench) {
	b.compare("W1 with a profile", 1, b.backlog, setup{program: profiled, cases: 10000})
}
