package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/ledger"
	"github.com/casepush/casepush/internal/proctest"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/stream"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"casepush": main}) }

// TestScript runs the command line as people do. Beyond testscript's own
// commands there are:
//
//	freeport NAME…                  sets $NAME to an address on loopback nobody listens on
//	exits CODE casepush ARG…        runs a command that ends with this code
//	waitfor PATTERN casepush ARG…   runs a command again and again until its output matches
//	http METHOD URL [FILE]          asks a server; the answer is the next stdout; a GET is repeated until it is 2xx
//	bigevent FILE BYTES             writes an event of that size
//	refusingnats NAME               sets $NAME to the address of a NATS server that lets nobody in
//	block CONNECTOR CASE SEQ        leaves what a push leaves whose create may have happened at a tracker that cannot be searched
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("CASEPUSH_HTTP_LISTEN", "127.0.0.1:0")
			env.Setenv("CASEPUSH_EMBEDDED_DIR", filepath.Join(env.WorkDir, "queue"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport": freePort, "exits": exits, "waitfor": waitFor, "http": askHTTP, "bigevent": bigEvent, "block": block, "refusingnats": refusingNATS,
		},
	})
}

func freePort(ts *testscript.TestScript, neg bool, names []string) {
	if neg || len(names) == 0 {
		ts.Fatalf("usage: freeport NAME…")
	}
	addrs, err := proctest.FreeAddrs(len(names))
	ts.Check(err)
	for i, name := range names {
		ts.Setenv(name, addrs[i])
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command [args…]")
	}
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		ts.Fatalf("%v", err)
	}
	if ended == nil {
		return 0
	}
	return ended.ExitCode()
}

const (
	waitAtMost = 60 * time.Second
	waitEvery  = 200 * time.Millisecond
)

func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: waitfor PATTERN command [args…]")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	for end := time.Now().Add(waitAtMost); ; <-tick.C {
		exitCode(ts, ts.Exec(args[1], args[2:]...))
		switch {
		case want.MatchString(ts.ReadFile("stdout")):
			return
		case time.Now().After(end):
			ts.Fatalf("no match for %q within %s", args[0], waitAtMost)
		}
	}
}

func askHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL [FILE]")
	}
	body := ""
	if len(args) > 2 {
		body = ts.ReadFile(args[2])
	}
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	for end := time.Now().Add(waitAtMost); ; <-tick.C {
		answer, err := ask(args[0], args[1], body)
		if err == nil {
			_, err = ts.Stdout().Write(answer)
			ts.Check(err)
			return
		}
		if args[0] != http.MethodGet || time.Now().After(end) {
			ts.Fatalf("%v", err)
		}
	}
}

func ask(method, url, body string) ([]byte, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Basic YTpi")
	req.Header.Set("kbn-xsrf", "test")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, answer)
	}
	return answer, err
}

func bigEvent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bigevent FILE BYTES")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := fmt.Sprintf(`{"case_id":"big","case":{"id":"big","title":%q}}`, strings.Repeat("x", n))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b), 0o600))
}

// refusingNATS speaks as much of the protocol as a client without the right
// credentials hears: https://docs.nats.io/reference/reference-protocols/nats-protocol.
func refusingNATS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: refusingnats NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv(args[0], l.Addr().String())
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the script is over
			}
			go refuse(conn)
		}
	}()
}

func refuse(conn net.Conn) {
	defer conn.Close()
	fmt.Fprint(conn, `INFO {"server_id":"refusing","version":"2.15.2","proto":1,"headers":true,"max_payload":1048576,"auth_required":true}`+"\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil && strings.HasPrefix(line, "CONNECT ") {
		fmt.Fprint(conn, "-ERR 'Authorization Violation'\r\n")
	}
}

func block(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: block CONNECTOR CASE SEQ")
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	seq, err := strconv.ParseUint(args[2], 10, 64)
	ts.Check(err)
	conn, err := stream.Connect(ctx, stream.Options{URL: "nats://" + ts.Getenv("CASEPUSH_EMBEDDED_LISTEN")})
	ts.Check(err)
	defer conn.Close()
	key := ledger.Key{Connector: args[0], Space: event.DefaultSpace, Case: args[1]}
	at := ledger.Position{Stream: conn.Incarnation(), Seq: seq}
	_, rev, err := conn.Ledger().Get(ctx, key)
	ts.Check(err)
	_, _, err = ledger.Write(ctx, conn.Ledger(), key, ledger.Entry{
		Want: at, Plan: &ledger.Plan{Through: at, Create: true}, Blocked: true, Dead: true,
		Last: &ledger.Outcome{Outcome: string(push.DeadLettered), Reason: string(push.ReasonUncertain), EventSeq: seq, Owner: "securitySolution", At: time.Now()},
	}, rev)
	ts.Check(err)
	ts.Check(conn.DeadLetters().Put(ctx, push.DeadLetter{
		ConnectorID: key.Connector, SpaceID: key.Space, CaseID: key.Case, EventSeq: seq, EventStream: at.Stream,
		Stage: push.StageSettle, Reason: push.ReasonUncertain, Message: "the create may have happened", Attempts: 2, LastAt: time.Now(),
	}))
}

// The scripts name every exit code that the commands have.
func TestScriptsCoverExitCodes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for code := exitFailed; code <= exitUncertain; code++ {
		if !strings.Contains(all.String(), "\nexits "+strconv.Itoa(code)+" casepush") {
			t.Errorf("no script ends a command with exit code %d", code)
		}
	}
}
