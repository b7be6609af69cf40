package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/gate"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

// refusedBefore is a gate that waits for the push which proves that our
// credentials work.
func refusedBefore() *guarded {
	g := (&gates{}).of("q")
	now := time.Now().UTC()
	g.Learn(gate.Hold{Reason: gate.Unauthenticated, Since: now.Add(-time.Hour), Until: now.Add(-time.Second), Times: 6})
	g.Own(func() bool { return true })
	return g
}

// TestLearnFromPushes: what a push that ended says about the tracker.
func TestLearnFromPushes(t *testing.T) {
	t.Parallel()
	answer := func(kind connector.Kind, status int) *connector.Error {
		return &connector.Error{Op: "create incident", Kind: kind, Effect: connector.NotApplied, Status: status}
	}
	local := func(cause error) *connector.Error {
		return &connector.Error{Op: "create incident", Kind: connector.Rejected, Effect: connector.NotApplied, Err: cause}
	}
	for name, tt := range map[string]struct {
		stage push.Stage
		err   error
		works bool
	}{
		"pushed":                     {"", nil, true},
		"rejected by the tracker":    {push.StageCreate, answer(connector.Rejected, 400), true},
		"not there":                  {push.StageUpdate, answer(connector.NotFound, 404), true},
		"a host that is not allowed": {push.StageCreate, local(connector.ErrHostNotAllowed), false},
		"uncertain, by ourselves":    {push.StageSettle, local(errors.New("uncertain")), false},
		"held":                       {push.StageCreate, local(&connector.HeldError{}), false},
		"down":                       {push.StageCreate, answer(connector.Transient, 503), false},
		"refused again":              {push.StageCreate, answer(connector.Unauthenticated, 401), false},
		"refused by Kibana":          {push.StageCase, answer(connector.Rejected, 400), false},
	} {
		g := refusedBefore()
		v := push.Verdict{Action: push.Done, Stage: tt.stage, Err: tt.err, Result: &push.Result{}}
		g.learn(push.Job{Case: "c"}, time.Now(), v)
		if _, h, _ := g.State(); (h.Reason == "") != tt.works {
			t.Errorf("%s: hold %+v, want that it works: %t", name, h, tt.works)
		}
	}
}

// TestTakeOverBehindTheBoard: the watch is behind when this worker takes the queue
// of one that stored a hold and ended.
func TestTakeOverBehindTheBoard(t *testing.T) {
	t.Parallel()
	server, err := stream.StartEmbedded(stream.EmbeddedOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := stream.Connect(t.Context(), stream.Options{Embedded: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	watching, hang := context.WithCancel(ctx)
	board, err := conn.Board(watching)
	if err != nil {
		t.Fatal(err)
	}
	hang()
	now := time.Now().UTC()
	if err := conn.PutHold(ctx, "q", gate.Hold{Reason: gate.RateLimited, Since: now, Until: now.Add(time.Hour), Asked: now.Add(time.Hour), Times: 1}); err != nil {
		t.Fatal(err)
	}
	if err := conn.PutJob(ctx, push.Job{Connector: "q", Space: "default", Case: "c", Seq: 1, Stream: conn.Incarnation()}); err != nil {
		t.Fatal(err)
	}
	w := &Worker{opts: Options{Config: &config.Config{}}, conn: conn, owner: "b", board: board}
	err = w.work(ctx, stream.Work{Connector: "q", InFlight: 1, Do: func(context.Context, push.Job) (push.Verdict, error) {
		t.Errorf("a job is worked on; the gate says %v", w.gates.of("q").Enter(ctx))
		return push.Verdict{Action: push.Done}, nil
	}})
	if err != nil {
		t.Error(err)
	}
}
