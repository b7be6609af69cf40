package stream

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	for v, ok := range map[string]bool{
		"2.12.0": true, "2.12.0-RC.1": true, "2.15.2": true, "2.100.0": true, "3.0.0": true, "2.12": true,
		"2.11.9": false, "2.9.25": false, "1.99.0": false, "0.0.0": false,
		"": false, "2": false, "two.twelve.0": false, "2.x.1": false,
	} {
		err := checkVersion(v)
		if (err == nil) != ok {
			t.Errorf("%q: %v", v, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "2.12") || !strings.Contains(err.Error(), v)) {
			t.Errorf("%q: %q names not both versions", v, err)
		}
	}
}

// TestDifferences: an existing stream is refused for what would lose or mix up
// messages, and left alone for what a person may tune.
func TestDifferences(t *testing.T) {
	t.Parallel()
	c := &Conn{names: Names{DefaultPrefix}}
	configs := map[string]jetstream.StreamConfig{
		"events": c.eventsConfig(), "work": c.workConfig(), "results": c.resultsConfig(), "dlq": c.deadLetterConfig(), "ledger": c.ledgerConfig(), "config": c.sharedConfig(),
	}
	for name, config := range configs {
		if err := differences(config, config); err != nil {
			t.Errorf("%s: differs from itself: %v", name, err)
		}
		tuned := config
		tuned.Replicas, tuned.Description, tuned.Compression = 3, "ours", jetstream.NoCompression
		tuned.AllowDirect = false // see below
		if name != "work" {
			tuned.MaxBytes = 1 << 30
		}
		tuned.Duplicates, tuned.Placement = time.Hour, &jetstream.Placement{Cluster: "east"}
		if err := differences(tuned, config); err != nil {
			t.Errorf("%s: tuned is refused: %v", name, err)
		}
	}
	for _, tt := range []struct {
		stream string
		change func(*jetstream.StreamConfig)
		want   string
	}{
		{"work", func(s *jetstream.StreamConfig) { s.Retention = jetstream.LimitsPolicy }, "retention"},
		{"work", func(s *jetstream.StreamConfig) { s.AllowMsgSchedules = false }, "allow_msg_schedules"},
		{"work", func(s *jetstream.StreamConfig) { s.MaxMsgsPerSubject = 1 }, "max_msgs_per_subject"},
		{"work", func(s *jetstream.StreamConfig) { s.MaxAge = time.Hour }, "max_age is 1h"},
		{"events", func(s *jetstream.StreamConfig) { s.MaxAge = 24 * time.Hour }, "max_age is 24h"},
		{"events", func(s *jetstream.StreamConfig) { s.Discard = jetstream.DiscardOld }, "discard"},
		{"events", func(s *jetstream.StreamConfig) { s.MaxMsgsPerSubject = 5 }, "max_msgs_per_subject"},
		{"events", func(s *jetstream.StreamConfig) { s.Storage = jetstream.MemoryStorage }, "storage"},
		{"events", func(s *jetstream.StreamConfig) { s.Retention = jetstream.InterestPolicy }, "retention"},
		{"ledger", func(s *jetstream.StreamConfig) { s.MaxAge = time.Hour }, "max_age"},
		{"ledger", func(s *jetstream.StreamConfig) { s.Storage = jetstream.MemoryStorage }, "storage"},
		{"dlq", func(s *jetstream.StreamConfig) { s.Retention = jetstream.WorkQueuePolicy }, "retention"},
		{"ledger", func(s *jetstream.StreamConfig) { s.Replicas, s.AllowDirect = 3, true }, "allow_direct"},
		{"config", func(s *jetstream.StreamConfig) { s.AllowMsgTTL = false }, "allow_msg_ttl"},
		{"work", func(s *jetstream.StreamConfig) { s.MaxMsgs = 1000 }, "max_msgs"},
		{"work", func(s *jetstream.StreamConfig) { s.MaxBytes = 1 << 20 }, "max_bytes"},
	} {
		have := configs[tt.stream]
		tt.change(&have)
		if err := differences(have, configs[tt.stream]); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want a word of %q", tt.stream, err, tt.want)
		}
	}
}
