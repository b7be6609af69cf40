package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// stored are the subjects of the work stream.
func stored(t *testing.T, c *stream.Conn) map[string]uint64 {
	t.Helper()
	info, err := c.Stream(t, c.Names().Work()).Info(t.Context(), jetstream.WithSubjectFilter(">"))
	must(t, err)
	return info.State.Subjects
}

const (
	jobSubject    = "casepush.work.soc-jira.default.c-1"
	laterSubject  = "casepush.later.soc-jira.default.c-1"
	verifySubject = laterSubject + ".verify"
)

// A verdict that owes a second look stores its wake-up beside that of the
// retry, before the job goes.
func TestSecondLook(t *testing.T) {
	t.Parallel()
	soon := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		kind    push.Kind
		verdict push.Verdict
		want    []string
	}{
		"after a push":           {push.KindPush, push.Verdict{Action: push.Done, VerifyAt: soon}, []string{verifySubject}},
		"beside a retry":         {push.KindPush, push.Verdict{Action: push.Later, At: soon, VerifyAt: soon.Add(time.Hour)}, []string{laterSubject, verifySubject}},
		"put off":                {push.KindVerify, push.Verdict{Action: push.Later, At: soon, VerifyAt: soon}, []string{verifySubject}},
		"begun by a sweep":       {push.KindSweep, push.Verdict{Action: push.Later, At: soon, VerifyAt: soon}, []string{verifySubject}},
		"a retry that was swept": {push.KindSweep, push.Verdict{Action: push.Later, At: soon}, []string{laterSubject}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := fresh(t)
			first, _ := consume(t, c, "soc-jira", func(push.Job) (push.Verdict, error) { return test.verdict, nil })
			j := job(c, "soc-jira", "c-1", 1)
			j.Kind = test.kind
			putJob(t, c, j)
			receive(t, "job", first)
			eventually(t, "wake-ups without the job", func() bool { return stored(t, c)[jobSubject] == 0 })
			got := stored(t, c)
			if len(got) != len(test.want) {
				t.Errorf("stored: %v, want %q", got, test.want)
			}
			for _, s := range test.want {
				if got[s] != 1 {
					t.Errorf("stored: %v, want %q", got, s)
				}
			}
		})
	}
}

// The second look keeps its kind however often it is put off, and a retry that
// waits stays as it is.
func TestSecondLookComesBack(t *testing.T) {
	t.Parallel()
	c := fresh(t)
	got := make(chan push.Job, 8)
	looks := 0
	run(t, func(ctx context.Context) error {
		return c.Consume(ctx, stream.Work{Connector: "soc-jira", InFlight: 1, Do: func(_ context.Context, j push.Job) (push.Verdict, error) {
			got <- j
			switch {
			case j.Kind == push.KindPush:
				return push.Verdict{Action: push.Later, At: time.Now().Add(time.Hour), VerifyAt: time.Now()}, nil
			case looks == 0:
				looks++
				at := time.Now().Add(time.Second)
				return push.Verdict{Action: push.Later, At: at, VerifyAt: at}, nil
			}
			return push.Verdict{Action: push.Done}, nil
		}})
	})
	putJob(t, c, job(c, "soc-jira", "c-1", 1))
	for _, want := range []push.Kind{push.KindPush, push.KindVerify, push.KindVerify} {
		if j := receive(t, "job", got); j.Kind != want || j.Seq != 1 {
			t.Fatalf("job %+v, want one of kind %s", j, want)
		}
	}
	eventually(t, "the retry alone", func() bool {
		s := stored(t, c)
		return len(s) == 1 && s[laterSubject] == 1
	})
}
