package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/casepush/casepush/internal/push"
)

func burstJob(seq uint64) push.Job {
	return push.Job{Kind: push.KindPush, Connector: "c", Space: "default", Case: "k", Seq: seq}
}

// What comes while a job is being stored is stored as one job, the newest, and
// nobody returns before a job as new as its own is there.
func TestBurstIsOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bursts
		var mu sync.Mutex
		var stored []uint64
		store := func(_ context.Context, j push.Job) error {
			<-time.NewTimer(time.Millisecond).C
			mu.Lock()
			defer mu.Unlock()
			stored = append(stored, j.Seq)
			return nil
		}
		var wg sync.WaitGroup
		for _, seq := range []uint64{1, 5, 3, 9, 2} {
			wg.Go(func() {
				if err := b.put(t.Context(), burstJob(seq), store); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if slices.Max(stored) < seq {
					t.Errorf("%d returned when %v were stored", seq, stored)
				}
			})
			synctest.Wait()
		}
		other := burstJob(4)
		other.Case = "another"
		wg.Go(func() { _ = b.put(t.Context(), other, store) })
		anew := burstJob(6) // the stream was made anew
		anew.Stream = "another"
		wg.Go(func() { _ = b.put(t.Context(), anew, store) })
		wg.Wait()
		slices.Sort(stored)
		if !slices.Equal(stored, []uint64{1, 4, 6, 9}) {
			t.Errorf("stored %v", stored)
		}
		if len(b.cases) != 0 {
			t.Errorf("%d cases are left", len(b.cases))
		}
	})
}

// A job that could not be stored is no one's: each of the others tries itself.
func TestBurstWhoseJobFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bursts
		down, tries := errors.New("down"), 0
		store := func(context.Context, push.Job) error {
			<-time.NewTimer(time.Millisecond).C
			tries++
			return down
		}
		var wg sync.WaitGroup
		for seq := range uint64(4) {
			wg.Go(func() {
				if err := b.put(t.Context(), burstJob(seq+1), store); !errors.Is(err, down) {
					t.Errorf("%d: %v", seq+1, err)
				}
			})
		}
		wg.Wait()
		if tries != 4 {
			t.Errorf("%d tries", tries)
		}
	})
}

// Who is told to stop while it waits for its turn leaves the others theirs.
func TestBurstIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bursts
		goOn := make(chan struct{})
		store := func(context.Context, push.Job) error { <-goOn; return nil }
		var wg sync.WaitGroup
		wg.Go(func() { _ = b.put(t.Context(), burstJob(1), store) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			if err := b.put(ctx, burstJob(2), store); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		wg.Go(func() {
			if err := b.put(t.Context(), burstJob(3), store); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(goOn)
		wg.Wait()
	})
}
