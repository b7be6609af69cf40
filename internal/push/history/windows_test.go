package history

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/fakes/fakekibana"
	"github.com/casepush/casepush/internal/fakes/faketracker"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// The windows in which integrations make duplicates, one test each. The list,
// with what holds in each of them, is docs/duplicates.md.

// The create happens and its answer is lost. It is looked up when it can be
// seen, and adopted.
func TestWindowAnswerOfTheCreateIsLost(t *testing.T) {
	play(t, create(), func(w *world) {
		w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1}))
		first(w)
	})
}

// A gateway answers 502, 503, 504 or 500 although the tracker made the issue.
func TestWindowServerErrorAfterTheCreate(t *testing.T) {
	for _, status := range []int{500, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			play(t, create(), func(w *world) {
				w.fault(w.creating(fakes.Rule{Status: status, Act: true, Times: 1}))
				first(w)
			})
		})
	}
}

// Kibana reads the issue back after the create, and loses it when that fails.
// casepush reads nothing back: a push works where no issue can be read.
func TestWindowReadBackFails(t *testing.T) {
	play(t, create(), func(w *world) {
		w.fault(fakes.Rule{Method: http.MethodGet, Path: "**/issue/*", Status: http.StatusInternalServerError})
		first(w)
		w.run()
		if r := w.lastResult(); r.Outcome != push.Pushed || r.Attempts != 1 {
			w.problemf("%+v", r)
		}
		if read := w.requests(http.MethodGet, "/issue/"+w.tracker.Incidents()[0].ID); len(read) > 0 {
			w.problemf("reads the issue: %+v", read)
		}
	})
}

// Each of the comments fails in turn, with and without effect. Those before it
// are not sent again, those after it are sent.
func TestWindowCommentFails(t *testing.T) {
	for _, text := range []string{"First.", "Second.", "Third."} {
		for name, rule := range map[string]fakes.Rule{
			"refused": {Status: http.StatusTooManyRequests}, "500": {Status: http.StatusInternalServerError},
			"500, but added": {Status: http.StatusInternalServerError, Act: true}, "answer lost": {DropAnswer: true},
		} {
			t.Run(text+" "+name, func(t *testing.T) {
				play(t, create(), func(w *world) {
					rule.Method, rule.Path, rule.Contains, rule.Times = http.MethodPost, "**/comment", text, 1
					w.fault(rule)
					first(w)
				})
			})
		}
	}
}

// The worker dies between an effect and its record, for the create and for each
// comment (they share one record).
func TestWindowCrashBeforeTheRecord(t *testing.T) {
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprint("after write ", n), func(t *testing.T) { fated(t, create(), trackerWrite, n, dieAfter) })
	}
	t.Run("before the record is stored", func(t *testing.T) { fated(t, create(), ledgerPut, 2, dieBefore) })
}

// The record meets a conflict: the store says so although it has it, or another
// worker was there.
func TestWindowRecordConflicts(t *testing.T) {
	for _, what := range []misfortune{refuse, lose, blind, rival, pause} {
		for n := 1; n <= 2; n++ {
			t.Run(fmt.Sprint(what, " at write ", n), func(t *testing.T) { fated(t, create(), ledgerPut, n, what) })
		}
	}
}

// A proxy changes the content type of a success. Its body decides.
func TestWindowOddContentType(t *testing.T) {
	for _, kind := range []string{"text/plain", "text/html; charset=utf-8", "application/octet-stream", "bad type;;"} {
		t.Run(kind, func(t *testing.T) {
			play(t, create(), func(w *world) {
				w.fault(fakes.Rule{Method: http.MethodPost, Header: map[string]string{"Content-Type": kind}})
				first(w)
			})
		})
	}
}

// After a lost answer the search fails in one way or another, for hours. None
// of that means that there is no issue. A refusal for good is a dead letter,
// whose redrive looks again.
func TestWindowSearchErrorIsNoAnswer(t *testing.T) {
	for name, rule := range map[string]fakes.Rule{
		"503":          {Status: http.StatusServiceUnavailable},
		"a login page": {Status: http.StatusOK, Body: "<html>Log in</html>"},
		"empty":        {Status: http.StatusNoContent},
		"half":         {TruncateBody: 9},
		"429":          {Status: http.StatusTooManyRequests, RetryAfter: "30"},
		"400":          {Status: http.StatusBadRequest},
		"403":          {Status: http.StatusForbidden},
		"404":          {Status: http.StatusNotFound},
		"410":          {Status: http.StatusGone},
	} {
		t.Run(name, func(t *testing.T) {
			s := create()
			s.buries = true
			play(t, s, func(w *world) {
				w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1}))
				w.fault(searching(times(rule, 5)))
				first(w)
			})
		})
	}
}

// The index of the search is as late as it may be: it is not asked before, and
// what it shows then is adopted.
func TestWindowSearchIndexLags(t *testing.T) {
	play(t, create(), func(w *world) {
		w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1}))
		first(w)
		w.run()
		made, looked := w.requests(http.MethodPost, "/issue"), w.requests(http.MethodGet, "/search")
		if len(made) == 0 || len(looked) == 0 {
			w.problemf("%d creates, %d searches", len(made), len(looked))
		} else if d := looked[0].Time.Sub(made[0].Time); d < settleTime+findDelay {
			w.problemf("looked for after %s, want at least %s", d, settleTime+findDelay)
		}
	})
}

// A search's answer without a total, as Jira Cloud's is, and without a list: the
// first is an answer, the second none.
func TestWindowSearchAnswerWithoutTotal(t *testing.T) {
	for _, body := range []string{`{}`, `{"isLast":true}`, `{"total":0}`, `{"issues":null}`, `[]`} {
		t.Run(body, func(t *testing.T) {
			play(t, create(), func(w *world) {
				w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1}))
				w.fault(searching(fakes.Rule{Status: http.StatusOK, Body: body, Times: 2}))
				first(w)
			})
		})
	}
}

// A person takes the mark off, or edits it. The ledger knows the incident by
// its id; the next update of the labels puts the mark back.
func TestWindowMarkIsRemoved(t *testing.T) {
	for _, labels := range []string{`[]`, `["kibana-case-something-else"]`} {
		t.Run(labels, func(t *testing.T) {
			play(t, create(), func(w *world) {
				first(w)
				w.run()
				w.send(http.MethodPut, "issue/"+w.tracker.Incidents()[0].ID, `{"fields":{"labels":`+labels+`}}`)
				tags := []string{"vpn", "mfa"}
				must[kibana.Case](w)(w.kibana.UpdateCase(caseID, fakekibana.CaseUpdate{Tags: tags}))
				w.publish()
			})
		})
	}
}

// The issue was moved to another project between a lost answer and the look-up:
// its key is another one, its id and its mark are the same.
func TestWindowIncidentIsMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(faketracker.Jira(), create(), nil)
		w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1}))
		first(w)
		w.deliver(w.main, w.next())
		issue := w.tracker.Incidents()[0]
		mark, _ := json.Marshal(issue.Marks)
		w.fault(searching(fakes.Rule{Status: http.StatusOK, Body: `{"isLast":true,"issues":[{"id":"` + issue.ID + `","key":"NEW-7","fields":{"labels":` + string(mark) + `,"project":{"key":"NEW"},"created":"2000-01-01T00:00:00.000+0000"}}]}`}))
		w.run()
		if r := w.lastResult(); len(w.tracker.Incidents()) != 1 || r.ExternalService == nil || r.ExternalService.ExternalID != issue.ID || r.ExternalService.ExternalTitle != "NEW-7" {
			t.Errorf("%d incidents, result %+v", len(w.tracker.Incidents()), r)
		}
	})
}

// The issue was deleted at the tracker. It is not made again: a dead letter says
// so, and a person decides.
func TestWindowIncidentIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(faketracker.Jira(), create(), nil)
		first(w)
		w.run()
		w.tracker.Delete(w.tracker.Incidents()[0].ID)
		for _, change := range []func(){func() { w.setTitle("Worse") }, func() { w.comment("comment-4", "Fourth.") }, func() {}} {
			change()
			w.publish()
			w.run()
			if r := w.lastResult(); r.Outcome != push.DeadLettered || r.Reason != push.ReasonIncidentMissing || len(w.tracker.Incidents()) != 0 {
				t.Errorf("%d incidents, result %+v", len(w.tracker.Incidents()), r)
			}
		}
	})
}

// Two workers get the same job, at every step of the push.
func TestWindowTwoWorkersAtOnce(t *testing.T) {
	for _, at := range []place{ledgerGet, ledgerPut, mailboxRead, kibanaRead, trackerWrite, resultPut, jobAck} {
		t.Run(at.String(), func(t *testing.T) { fated(t, create(), at, 1, rival) })
	}
}

// The job is delivered again while the first attempt's request still hangs.
func TestWindowRedeliveryDuringTheFirstAttempt(t *testing.T) {
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprint("at write ", n), func(t *testing.T) { fated(t, create(), trackerWrite, n, stuck) })
	}
}

// The producer publishes the event again when the queue has long forgotten its
// id: it is another event to the queue, and nothing to the tracker.
func TestWindowReplayAfterTheDeduplicationWindow(t *testing.T) {
	play(t, create(), func(w *world) {
		first(w)
		w.run()
		writes := w.writes
		wait(30 * 24 * time.Hour)
		again := w.mails[0].Event
		job := w.mail()
		w.mails[1].Event, job.EventID = again, again.ID
		w.enqueue(job)
		w.run()
		if w.writes != writes || w.lastResult().Outcome != push.Unchanged {
			w.problemf("%d writes, result %+v", w.writes-writes, w.lastResult())
		}
	})
}

// All events come again, several times, as the queue's own jobs and as replays,
// with nothing that would tell them apart.
func TestWindowReplayWithoutDeduplication(t *testing.T) {
	s := create()
	s.snapshots = true
	play(t, s, func(w *world) {
		first(w)
		w.run()
		w.setTitle("Worse")
		w.comment("comment-4", "Fourth.")
		w.publish()
		w.run()
		writes := w.writes
		for range 3 {
			for seq := range w.lastJob().Seq {
				for _, kind := range []push.Kind{push.KindReplay, push.KindPush, push.KindRedrive} {
					job := w.lastJob()
					job.Seq, job.Kind = seq+1, kind
					w.enqueue(job)
				}
			}
		}
		w.run()
		if w.writes != writes {
			w.problemf("%d writes", w.writes-writes)
		}
	})
}

// One Jira serves two environments, whose cases have the same id: the mark
// tells connector and space. Each finds its own, and only that.
func TestWindowKeysDoNotCollide(t *testing.T) {
	for name, change := range map[string]func(*push.Job){
		"spaces":       func(j *push.Job) { j.Space = "other" },
		"environments": func(j *push.Job) { j.Connector = "soc-of-another-kibana" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := create()
				s.snapshots = true
				w := newWorld(faketracker.Jira(), s, nil)
				first(w)
				w.run()
				job := w.mail()
				change(&job)
				w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1})) // so that it is searched for
				w.enqueue(job)
				w.run()
				issues := w.tracker.Incidents()
				if len(issues) != 2 || slices.Equal(issues[0].Marks, issues[1].Marks) {
					t.Fatalf("%d incidents, want one for each", len(issues))
				}
				e, _, err := w.store.Get(t.Context(), job.Key())
				if err != nil || e.Incident == nil || e.Incident.ID != issues[1].ID {
					t.Errorf("error %v, entry %+v", err, e)
				}
				if len(issues[0].Comments) != 3 || len(issues[1].Comments) != 3 || len(w.duplicates) > 0 {
					t.Errorf("%d and %d comments, duplicates %v", len(issues[0].Comments), len(issues[1].Comments), w.duplicates)
				}
			})
		})
	}
}

// The ledger is restored from an old copy, of any moment, and everything comes
// again. (In TestEveryHistory with every misfortune besides.)
func TestWindowOldBackupOfTheLedger(t *testing.T) {
	for k := range copies {
		t.Run(fmt.Sprint("copy ", k), func(t *testing.T) {
			play(t, scenario{foreign: true}, func(w *world) {
				restored(w, k)
				pushEverythingAgain(w)
			})
		})
	}
}

// Somebody clicks Push in Kibana. Before our first create that push is adopted.
// Once we have an incident, Kibana (which does not know of it) makes another,
// and nobody can keep it from that: ours stays ours and gets everything, the
// other is not touched, and no third comes.
func TestWindowManualPushInKibana(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		s := create()
		s.name, s.foreign = "adopt", true
		play(t, s, func(w *world) {
			kibanaPushed(w)
			w.comment("comment-2", "Second.")
			w.publish()
		})
	})
	t.Run("after", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(faketracker.Jira(), create(), nil)
			first(w)
			w.run()
			w.pushedByKibana()
			w.setTitle("Worse")
			w.publish()
			w.run()
			issues := w.tracker.Incidents()
			e, _, err := w.store.Get(t.Context(), entryKey())
			if err != nil || len(issues) != 2 || e.Incident.ID != issues[0].ID {
				t.Fatalf("error %v, %d incidents, entry %+v", err, len(issues), e)
			}
			if ours, theirs := issues[0].Title, issues[1].Title; ours != "Worse" || theirs != "Bad login" {
				t.Errorf("ours has %q, Kibana's %q", ours, theirs)
			}
		})
	})
}

// The clocks of the queue and of the worker differ by an hour, one way or the
// other, when a lost create is looked up. The queue's later clock is the one
// jump that a settle time cannot survive; the second look is for that.
func TestWindowClockJumps(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			s := create()
			s.doubles = true
			play(t, s, func(w *world) {
				w.fault(w.creating(fakes.Rule{DropAnswer: true, Times: 1}))
				s.before(w)
				job := w.mail()
				w.enqueue(job)
				w.deliver(w.main, w.next())
				early := job
				early.Kind, early.QueuedAt = push.KindPush, time.Now().Add(jump)
				w.enqueue(early)
			})
		})
	}
}

// times is the rule, so many times.
func times(r fakes.Rule, n int) fakes.Rule {
	r.Times = n
	return r
}
