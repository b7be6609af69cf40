package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	day              = 24 * time.Hour
	eventAge         = 30 * day
	resultAge        = 90 * day
	deadLetterAge    = 90 * day
	duplicateWindow  = 2 * time.Minute // 180 bytes an id in the server's memory
	ledgerDuplicates = time.Second     // writes carry no message id
	leaderlessTries  = 2               // 250 ms apart
	markerAge        = 24 * time.Hour  // of a key that has ended: longer than anybody is away from his watch
)

// setting is how long a stream keeps messages by a key of the configuration;
// 0: it is not said, or not for people to say.
type setting struct {
	key   string
	value time.Duration
}

// managed is a stream that is ours.
type managed struct {
	into   *jetstream.Stream
	config jetstream.StreamConfig // as we make it
	age    setting
}

func (c *Conn) managed() []managed {
	return []managed{
		{&c.events, c.eventsConfig(), setting{}},
		{&c.work, c.workConfig(), setting{}},
		{&c.results, c.resultsConfig(), setting{"nats.retention.results", c.opts.Retention.Results}},
		{&c.dlq, c.deadLetterConfig(), setting{"nats.retention.dead_letters", c.opts.Retention.DeadLetters}},
		{&c.ledger, c.ledgerConfig(), setting{}},
		{&c.config, c.sharedConfig(), setting{}},
	}
}

// setUp makes or verifies the streams.
func (c *Conn) setUp(ctx context.Context) error {
	for _, s := range c.managed() {
		stream, err := c.ensure(ctx, s.config, s.age)
		if err != nil {
			return fmt.Errorf("stream %s: %w", s.config.Name, err)
		}
		*s.into = stream
	}
	c.singleWrites = &committer{js: c.js, again: leaderlessTries}
	c.ledgerWrites, c.workWrites, c.resultWrites = c.committer(c.ledger, 0), c.committer(c.work, leaderlessTries), c.committer(c.results, leaderlessTries)
	c.ledgerSeen.Store(c.ledger.CachedInfo().State.LastSeq)
	if err := c.refresh(ctx); err != nil {
		return err
	}
	return c.readTrust(ctx)
}

// committer groups the writes to a stream, where that is worth it: a server that
// does not flush each write answers single ones faster than groups.
func (c *Conn) committer(s jetstream.Stream, again int) *committer {
	return &committer{js: c.js, again: again, groups: c.opts.Embedded != nil && s.CachedInfo().Config.AllowAtomicPublish}
}

// No stream of ours is compressed. A node of nats-server 2.15.2 that was killed
// could not read a compressed one again: 'Error recreating stream "CASEPUSH_RESULTS":
// error reading compression reader: s2: unsupported input (10077)'.
func (c *Conn) eventsConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.names.Events(), Description: "case push events: the history that replay reads",
		Subjects: []string{c.names.join("push", ">")}, Retention: jetstream.LimitsPolicy,
		// No age limit and discard new: an event that nothing has covered yet
		// is never dropped; a full stream refuses the producer.
		Discard: jetstream.DiscardNew, Duplicates: duplicateWindow, AllowDirect: c.direct(),
		Storage: jetstream.FileStorage, Replicas: c.replicas(),
	}
}

func (c *Conn) workConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.names.Work(), Description: "jobs by connector, and wake-ups in the future",
		Subjects: []string{c.names.join("work", ">"), c.names.join("later", ">")},
		// A work queue keeps acknowledgements across a crash of the server. It
		// has no limits, so that nothing is discarded; the server does not
		// allow schedules together with "discard new".
		Retention: jetstream.WorkQueuePolicy,
		Storage:   jetstream.FileStorage, Replicas: c.replicas(), AllowMsgSchedules: true, AllowAtomicPublish: true,
	}
}

func (c *Conn) resultsConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.names.Results(), Description: "final outcomes", Subjects: []string{c.names.join("result", ">")},
		Retention: jetstream.LimitsPolicy, MaxAge: cmp.Or(c.opts.Retention.Results, resultAge), Duplicates: duplicateWindow, AllowAtomicPublish: true,
		Storage: jetstream.FileStorage, Replicas: c.replicas(),
	}
}

func (c *Conn) deadLetterConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: c.names.DeadLetters(), Description: "pushes put aside for a person", Subjects: []string{c.names.join("dlq", ">")},
		Retention: jetstream.LimitsPolicy, MaxAge: cmp.Or(c.opts.Retention.DeadLetters, deadLetterAge), Duplicates: duplicateWindow,
		Storage: jetstream.FileStorage, Replicas: c.replicas(),
	}
}

// ledgerConfig is that of a key-value bucket.
func (c *Conn) ledgerConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "KV_" + c.names.Ledger(), Description: "what was done, by connector, space and case",
		Subjects:  []string{"$KV." + c.names.Ledger() + ".>"},
		Retention: jetstream.LimitsPolicy, MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true,
		Duplicates: ledgerDuplicates, AllowDirect: c.direct(), AllowAtomicPublish: true, Storage: jetstream.FileStorage, Replicas: c.replicas(),
	}
}

// sharedConfig is that of a key-value bucket whose keys may have an end: what a
// worker holds is free again when it dies. A marker is left then, by which
// others notice.
func (c *Conn) sharedConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "KV_" + c.names.Config(), Description: "what all workers share: pauses, holds, who has which queue",
		Subjects:  []string{c.names.setting(">")},
		Retention: jetstream.LimitsPolicy, MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true,
		AllowMsgTTL: true, SubjectDeleteMarkerTTL: markerAge,
		Duplicates: ledgerDuplicates, Storage: jetstream.FileStorage, Replicas: c.replicas(),
	}
}

// direct reads are answered by any replica, which may be behind, and jobs are
// acknowledged on what a read says. Where there is one replica they are the same
// as the leader's and cost less than half.
func (c *Conn) direct() bool { return c.replicas() == 1 }

func (c *Conn) replicas() int { return max(1, c.opts.Replicas) }

func (c *Conn) ensure(ctx context.Context, want jetstream.StreamConfig, age setting) (jetstream.Stream, error) {
	s, err := c.find(ctx, want.Name)
	switch {
	case err == nil && c.opts.Manage == None:
		return s, nil
	case err == nil:
		return c.compare(ctx, s, want, age)
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, err
	case c.opts.Manage == Verify || c.opts.Manage == None:
		return nil, fmt.Errorf("is missing, and nats.manage is %q: make it, or set nats.manage to create", c.opts.Manage)
	}
	s, err = c.js.CreateStream(ctx, want)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return c.js.Stream(ctx, want.Name) // another worker was faster
	}
	return s, err
}

// find is over sooner than setUp: who has no right to ask gets no answer.
func (c *Conn) find(ctx context.Context, name string) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.js.Stream(ctx, name)
}

// compare refuses a stream that differs from what is wanted, but for what we may
// set: an age, and that several replicas are not read directly.
func (c *Conn) compare(ctx context.Context, s jetstream.Stream, want jetstream.StreamConfig, age setting) (jetstream.Stream, error) {
	config := s.CachedInfo().Config
	if stale(config) && c.opts.Manage != Verify { // somebody raised the replicas
		var err error
		if s, err = c.withoutDirect(ctx, config); err != nil {
			return nil, err
		}
		config = s.CachedInfo().Config
	}
	switch err := differences(config, want); {
	case err != nil:
		return nil, err
	case age.value == 0 || config.MaxAge == age.value:
		return s, nil
	case c.opts.Manage == Verify:
		return nil, fmt.Errorf("max_age is %s, and %s is %s: make them equal, or set nats.manage to create", config.MaxAge, age.key, age.value)
	}
	config.MaxAge = age.value // everything else stays as it is
	s, err := c.js.UpdateStream(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("set max_age to %s, as %s says: %w", age.value, age.key, err)
	}
	return s, nil
}

// differences names what an existing stream must not have otherwise. What a
// person may tune (sizes, replicas, compression) is left alone.
func differences(have, want jetstream.StreamConfig) error {
	switch {
	case !slices.Equal(have.Subjects, want.Subjects):
		return fmt.Errorf("subjects are %q, want %q: another installation has a prefix that differs in case or in - and _ only", have.Subjects, want.Subjects)
	case stale(have):
		return errors.New("allow_direct is on: reads could come from a replica that is behind; set it to false")
	case have.Retention != want.Retention:
		return fmt.Errorf("retention is %s, want %s", have.Retention, want.Retention)
	case want.AllowMsgSchedules && !have.AllowMsgSchedules:
		return errors.New("message schedules are off (allow_msg_schedules): retries could not wait there")
	case have.MaxMsgsPerSubject > 0 && want.MaxMsgsPerSubject <= 0:
		return errors.New("max_msgs_per_subject is set: events of one case would displace each other")
	case want.Discard == jetstream.DiscardNew && have.Discard != jetstream.DiscardNew:
		return errors.New("discard is old: a full stream would lose messages in silence; set discard to new")
	case want.MaxAge == 0 && have.MaxAge != 0:
		return fmt.Errorf("max_age is %s: messages would be lost in silence; set it to 0", have.MaxAge)
	case want.MaxAge == 0 && want.Discard == jetstream.DiscardOld && (have.MaxMsgs > 0 || have.MaxBytes > 0):
		return errors.New("max_msgs or max_bytes is set: a full stream would lose messages in silence; remove the limit")
	case want.AllowMsgTTL && (!have.AllowMsgTTL || have.SubjectDeleteMarkerTTL == 0):
		return errors.New("messages cannot have an end (allow_msg_ttl, subject_delete_marker_ttl): a dead worker's queues would stay its own")
	case have.Storage != jetstream.FileStorage:
		return errors.New("storage is memory, want file")
	}
	return nil
}
