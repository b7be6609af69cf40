package history

import (
	"time"

	"github.com/casepush/casepush/internal/push"
)

// tooLate is when a create takes effect that its tracker, against its own terms,
// held for longer than the lease, the settle time and the delay of the search:
// after the next worker has looked for it, and before the second look.
const tooLate = lease + settleTime + findDelay + 2*time.Minute

// holes are histories of the one thing that no look-up before a create can find.
func holes() []scenario {
	return []scenario{
		{
			name: "create that comes too late", needs: retires, doubles: true, rules: closing(),
			before: func(w *world) {
				w.addCase("First.")
				createLate(w)
			},
			acts: []func(*world){func(w *world) {}},
		},
		{
			name: "create that comes too late, while pushes go on", needs: retires, doubles: true, snapshots: true,
			before: func(w *world) {
				w.addCase("First.")
				createLate(w)
			},
			acts: []func(*world){func(w *world) {
				w.setTitle("Worse")
				w.comment("comment-2", "Second.")
				w.publish()
			}},
		},
		{
			// The wake-up of the second look is lost; a sweep finds what is owed.
			name: "second look by a sweep", needs: retires, doubles: true,
			before: func(w *world) {
				w.addCase("First.")
				createLate(w)
				for len(w.looks) == 0 {
					m := w.next()
					if m == nil {
						break
					}
					wait(time.Until(m.ready))
					w.deliver(w.main, m)
				}
				look := w.looks[entryKey()]
				if look == nil {
					w.problemf("no second look is stored")
					return
				}
				look.job = push.Job{Kind: push.KindSweep, Connector: connectorID, Space: space, Case: caseID, Owner: owner}
			},
			acts: []func(*world){func(w *world) {}},
		},
	}
}

// createLate delivers the first push, whose create takes effect too late.
func createLate(w *world) {
	w.late = tooLate
	w.enqueue(w.mail())
	w.deliver(w.main, w.next())
}
