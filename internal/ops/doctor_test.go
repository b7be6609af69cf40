package ops_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casepush/casepush/internal/ops"
	"github.com/casepush/casepush/internal/stream"
)

// goodStream is one of three copies, all in step.
func goodStream() stream.StreamFacts {
	return stream.StreamFacts{
		Name: "CASEPUSH_EVENTS", Replicas: 3, WantReplicas: 3, Clustered: true, Leader: "n1",
		Peers:   []stream.PeerFacts{{Name: "n2", Current: true}, {Name: "n3", Current: true}},
		Storage: "File", Retention: "Limits", Discard: "DiscardNew", Messages: 12, Bytes: 5 << 20,
	}
}

// goodServer is one of a cluster of three.
func goodServer() stream.ServerFacts {
	return stream.ServerFacts{
		Place: "nats://n1:4222", Name: "n1", Version: "2.15.2", Cluster: "c", Servers: []string{"n1", "n2", "n3"}, MaxPayload: 1 << 20,
		JetStream: true, APILevel: 4, Streams: []stream.StreamFacts{goodStream()},
	}
}

func goodMonitors() []ops.Monitor {
	var m []ops.Monitor
	for _, name := range []string{"n1", "n2", "n3"} {
		m = append(m, ops.Monitor{URL: "http://" + name, ServerName: name, JetStream: true, SyncAlways: true, StoreDir: "/data", StoreUsed: 1, MaxStore: 100})
	}
	return m
}

func TestExamineNATSIsContent(t *testing.T) {
	t.Parallel()
	findings := ops.ExamineNATS(goodServer(), goodMonitors())
	if ops.Worst(findings) != ops.SeverityOK {
		t.Errorf("%+v", findings)
	}
	var all strings.Builder
	for _, f := range findings {
		fmt.Fprintln(&all, f.Code, f.Subject, f.Text)
	}
	for _, say := range []string{"2.15.2", "12 messages, 5 MiB, file, retention limits, discard new", "3 copies: leader n1, n2 in step, n3 in step", "sync_interval: always", "an event may have 1 MiB"} {
		if !strings.Contains(all.String(), say) {
			t.Errorf("%q is not told:\n%s", say, &all)
		}
	}
}

// Each thing that is wrong is told, with what to do.
func TestExamineNATS(t *testing.T) {
	t.Parallel()
	onStream := func(f func(*stream.StreamFacts)) func(*stream.ServerFacts, []ops.Monitor) {
		return func(s *stream.ServerFacts, _ []ops.Monitor) { f(&s.Streams[0]) }
	}
	for _, c := range []struct {
		name, code string
		want       ops.Severity
		say        string
		change     func(*stream.ServerFacts, []ops.Monitor)
	}{
		{"too old", "NATS101", ops.SeverityProblem, "too old", func(s *stream.ServerFacts, _ []ops.Monitor) { s.TooOld = "nats-server 2.10 is too old" }},
		{"no JetStream", "NATS102", ops.SeverityProblem, "not enabled", func(s *stream.ServerFacts, _ []ops.Monitor) { s.JetStream, s.Why = false, "not enabled" }},
		{"one server", "NATS103", ops.SeverityAdvice, "one server", func(s *stream.ServerFacts, _ []ops.Monitor) { s.Cluster = "" }},
		{"small events", "NATS104", ops.SeverityAdvice, "512 KiB", func(s *stream.ServerFacts, _ []ops.Monitor) { s.MaxPayload = 512 << 10 }},
		{"no schedules", "NATS105", ops.SeverityProblem, "API level 1", func(s *stream.ServerFacts, _ []ops.Monitor) { s.APILevel = 1 }},
		{"account nearly full", "NATS110", ops.SeverityWarning, "85 B on disk are used of 100 B", func(s *stream.ServerFacts, _ []ops.Monitor) {
			s.Account = stream.AccountFacts{StoreUsed: 85, MaxStore: 100}
		}},
		{"account full", "NATS110", ops.SeverityProblem, "of 100 B", func(s *stream.ServerFacts, _ []ops.Monitor) {
			s.Account = stream.AccountFacts{StoreUsed: 96, MaxStore: 100}
		}},
		{"consumers", "NATS111", ops.SeverityWarning, "9 of 10 consumers", func(s *stream.ServerFacts, _ []ops.Monitor) {
			s.Account = stream.AccountFacts{Consumers: 9, MaxConsumers: 10}
		}},
		{"limits needed", "NATS111", ops.SeverityWarning, "max_bytes_required", func(s *stream.ServerFacts, _ []ops.Monitor) { s.Account.MaxBytesRequired = true }},
		{"missing", "NATS121", ops.SeverityAdvice, "is missing", onStream(func(s *stream.StreamFacts) { s.Missing = true })},
		{"missing for good", "NATS121", ops.SeverityProblem, `"verify"`, func(s *stream.ServerFacts, _ []ops.Monitor) { s.Manage, s.Streams[0].Missing = stream.Verify, true }},
		{"refused", "NATS122", ops.SeverityProblem, "discard is old", onStream(func(s *stream.StreamFacts) { s.Refused = "discard is old" })},
		{"too few replicas", "NATS123", ops.SeverityWarning, "has 1 replicas", onStream(func(s *stream.StreamFacts) { s.Replicas = 1 })},
		{"more replicas", "NATS123", ops.SeverityAdvice, "has 3 replicas", onStream(func(s *stream.StreamFacts) { s.WantReplicas = 1 })},
		{"a peer is away", "NATS124", ops.SeverityWarning, "n3 is offline, heard of 1m0s ago", onStream(func(s *stream.StreamFacts) {
			s.Peers[1] = stream.PeerFacts{Name: "n3", Offline: true, Seen: time.Minute}
		})},
		{"a peer is behind", "NATS124", ops.SeverityWarning, "n3 is 7 writes behind", onStream(func(s *stream.StreamFacts) { s.Peers[1] = stream.PeerFacts{Name: "n3", Lag: 7} })},
		{"no leader", "NATS124", ops.SeverityProblem, "no leader", onStream(func(s *stream.StreamFacts) { s.Leader = "" })},
		{"stream nearly full", "NATS125", ops.SeverityWarning, "90 % full", onStream(func(s *stream.StreamFacts) { s.Messages, s.MaxMessages = 9, 10 })},
		{"another age", "NATS126", ops.SeverityAdvice, "keeps messages for 7d, and nats.retention.results is 90d", onStream(func(s *stream.StreamFacts) {
			s.AgeKey, s.MaxAge, s.WantAge = "nats.retention.results", 7*24*time.Hour, 90*24*time.Hour
		})},
		{"no right to ask", "NATS127", ops.SeverityProblem, "refused", onStream(func(s *stream.StreamFacts) { s.Unknown = "refused" })},
		{"late to disk", "NATS131", ops.SeverityWarning, "every 2m0s", func(_ *stream.ServerFacts, m []ops.Monitor) {
			m[1].SyncAlways, m[1].SyncInterval = false, 2*time.Minute
		}},
		{"one is not seen", "NATS132", ops.SeverityAdvice, "not known", func(_ *stream.ServerFacts, m []ops.Monitor) { m[2].Err = "connection refused" }},
		{"not seen, and no copies", "NATS132", ops.SeverityWarning, "not known", func(s *stream.ServerFacts, m []ops.Monitor) {
			s.Streams[0].Replicas, m[2].Err = 1, "connection refused"
		}},
		{"monitor is away", "NATS133", ops.SeverityWarning, "connection refused", func(_ *stream.ServerFacts, m []ops.Monitor) { m[2].Err = "connection refused" }},
		{"another's monitor", "NATS133", ops.SeverityWarning, `server "n9"`, func(_ *stream.ServerFacts, m []ops.Monitor) { m[2].ServerName = "n9" }},
		{"files that go", "NATS134", ops.SeverityWarning, "/tmp/nats/jetstream", func(_ *stream.ServerFacts, m []ops.Monitor) { m[0].StoreDir = "/tmp/nats/jetstream" }},
		{"disk nearly full", "NATS134", ops.SeverityWarning, "81 B of 100 B", func(_ *stream.ServerFacts, m []ops.Monitor) { m[0].StoreUsed = 81 }},
	} {
		server, monitors := goodServer(), goodMonitors()
		c.change(&server, monitors)
		i := slices.IndexFunc(ops.ExamineNATS(server, monitors), func(f ops.Finding) bool {
			return f.Code == c.code && f.Severity == c.want && strings.Contains(f.Text, c.say) && f.Fix != ""
		})
		if i < 0 {
			t.Errorf("%s: want %s %s with %q and a fix, got %+v", c.name, c.want, c.code, c.say, ops.ExamineNATS(server, monitors))
		}
	}
}

// The embedded server is known to write before it answers.
func TestExamineEmbedded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	facts, err := stream.Examine(t.Context(), stream.Options{URL: d.url})
	if err != nil {
		t.Fatal(err)
	}
	findings := ops.ExamineNATS(facts, nil)
	if ops.Worst(findings) != ops.SeverityAdvice || len(facts.Streams) < 6 {
		t.Errorf("%+v\n%+v", facts, findings)
	}
	if i := slices.IndexFunc(findings, func(f ops.Finding) bool { return f.Code == "NATS130" }); i < 0 {
		t.Errorf("nothing is told of the disk: %+v", findings)
	}
}

// A code is one of the list that is documented.
func TestDoctorCodes(t *testing.T) {
	t.Parallel()
	for _, f := range ops.ExamineNATS(goodServer(), goodMonitors()) {
		if !slices.Contains(ops.DoctorCodes(), f.Code) {
			t.Errorf("%s is not in the list", f.Code)
		}
	}
}
