package ops

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/casepush/casepush/internal/stream"
)

// Monitor is what the monitoring endpoint of one server tells that the server
// tells no client.
type Monitor struct {
	URL string
	Err string // why it told nothing; "" if it told

	ServerName, Version string
	JetStream           bool
	SyncAlways          bool          // sync_interval: always
	SyncInterval        time.Duration // else this
	StoreDir            string
	StoreUsed           uint64 // bytes of all accounts
	MaxStore            int64
}

const (
	syncFix = "in the configuration of every server: jetstream { sync_interval: always }, then restart them one after the other"
	// What was measured, and with what consequences: docs/operating.md.
	syncLoss = "after a power cut what was acknowledged in that time can be gone, even whole streams: then incidents are made twice"
)

// examineSync says when what was acknowledged is on the disk.
func examineSync(c *chart, f stream.ServerFacts, monitors []Monitor) {
	if f.Embedded {
		c.ok(codeSync, f.Name, "writes to disk before it answers (sync_interval: always)")
		return
	}
	for _, m := range monitors {
		examineMonitor(c, f, m)
	}
	var unseen []string
	for _, name := range f.Servers {
		if !slices.ContainsFunc(monitors, func(m Monitor) bool { return m.Err == "" && m.ServerName == name }) {
			unseen = append(unseen, name)
		}
	}
	if len(unseen) == 0 {
		return
	}
	severity := SeverityWarning
	if replicated(f) { // several servers have to lose it at once
		severity = SeverityAdvice
	}
	c.add(codeSyncHidden, severity, strings.Join(unseen, ", "),
		"when it writes to disk is not known: a server tells it on its monitoring endpoint alone. By default that is every 2 minutes; "+syncLoss,
		"look with --monitor http://HOST:8222 (nats-server -m 8222), once for each server; "+syncFix)
}

// replicated reports whether every stream is on several servers.
func replicated(f stream.ServerFacts) bool {
	return len(f.Streams) > 0 && !slices.ContainsFunc(f.Streams, func(s stream.StreamFacts) bool { return s.Replicas < 3 })
}

func examineMonitor(c *chart, f stream.ServerFacts, m Monitor) {
	switch {
	case m.Err != "":
		c.add(codeMonitor, SeverityWarning, m.URL, "the monitoring endpoint tells nothing: "+m.Err, "start nats-server with -m 8222, and name its address with --monitor")
		return
	case !slices.Contains(f.Servers, m.ServerName):
		c.add(codeMonitor, SeverityWarning, m.URL, fmt.Sprintf("is that of server %q; ours is %s", m.ServerName, strings.Join(f.Servers, ", ")), "name the endpoint of the server that nats.url leads to")
		return
	case !m.JetStream:
		c.add(codeMonitor, SeverityAdvice, m.ServerName, "keeps no streams: its JetStream is off", "name the endpoints of the servers that do")
		return
	}
	if m.SyncAlways {
		c.ok(codeSync, m.ServerName, "writes to disk before it answers (sync_interval: always)")
	} else {
		c.add(codeSyncLate, SeverityWarning, m.ServerName, fmt.Sprintf("writes to disk every %s (sync_interval); %s", m.SyncInterval, syncLoss), syncFix)
	}
	examineStoreDir(c, m)
}

func examineStoreDir(c *chart, m Monitor) {
	clean := path.Clean(m.StoreDir)
	for _, temporary := range []string{"/tmp", "/var/tmp", "/dev/shm", "/run"} {
		if clean == temporary || strings.HasPrefix(clean, temporary+"/") {
			c.add(codeStoreDir, SeverityWarning, m.ServerName, fmt.Sprintf("keeps its streams in %s, which is emptied at times", m.StoreDir), "set store_dir to a directory that stays")
			return
		}
	}
	severity, text := SeverityOK, fmt.Sprintf("keeps its streams in %s: %s", m.StoreDir, bytesText(m.StoreUsed))
	fix := ""
	if m.MaxStore > 0 {
		text += " of " + bytesText(uint64(m.MaxStore))
		if severity = fullness(float64(m.StoreUsed) / float64(m.MaxStore)); severity != SeverityOK {
			fix = "raise max_file_store, or make room"
		}
	}
	c.add(codeStoreDir, severity, m.ServerName, text, fix)
}
