package ops

import (
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/stream"
)

// SectionNATS is the doctor's section about NATS.
const SectionNATS = "nats"

// Codes of findings about NATS. They keep their meaning.
const (
	codeServer     = "NATS100"
	codeVersion    = "NATS101"
	codeJetStream  = "NATS102"
	codeServers    = "NATS103"
	codeMaxPayload = "NATS104"
	codeSchedules  = "NATS105"
	codeStore      = "NATS110"
	codeLimits     = "NATS111"
	codeStream     = "NATS120"
	codeMissing    = "NATS121"
	codeRefused    = "NATS122"
	codeReplicas   = "NATS123"
	codePeers      = "NATS124"
	codeFull       = "NATS125"
	codeAge        = "NATS126"
	codeUnknown    = "NATS127"
	codeSync       = "NATS130"
	codeSyncLate   = "NATS131"
	codeSyncHidden = "NATS132"
	codeMonitor    = "NATS133"
	codeStoreDir   = "NATS134"
)

// DoctorCodes are all codes of findings, in order.
func DoctorCodes() []string {
	return []string{
		codeServer, codeVersion, codeJetStream, codeServers, codeMaxPayload, codeSchedules, codeStore, codeLimits,
		codeStream, codeMissing, codeRefused, codeReplicas, codePeers, codeFull, codeAge, codeUnknown,
		codeSync, codeSyncLate, codeSyncHidden, codeMonitor, codeStoreDir,
	}
}

// ExamineNATS judges what a server told of itself, and what its monitoring
// endpoints told, if they were asked. It is pure.
func ExamineNATS(f stream.ServerFacts, monitors []Monitor) []Finding {
	c := &chart{section: SectionNATS}
	examineServer(c, f)
	if f.JetStream {
		examineAccount(c, f.Account)
		for _, s := range f.Streams {
			examineStream(c, s, f.Manage)
		}
		examineSync(c, f, monitors)
	}
	return c.findings
}

const smallestPayload = 1 << 20 // the server's default

func examineServer(c *chart, f stream.ServerFacts) {
	who := fmt.Sprintf("nats-server %s answers at %s", f.Version, f.Place)
	if f.Embedded {
		who = fmt.Sprintf("the embedded server of casepush (nats-server %s) answers", f.Version)
		if strings.Contains(f.Place, "://") { // a worker has it; else it was started for this alone
			who += " at " + f.Place
		}
	}
	c.ok(codeServer, f.Name, who)
	if f.TooOld != "" {
		c.add(codeVersion, SeverityProblem, f.Name, f.TooOld, "upgrade nats-server")
	}
	if !f.JetStream {
		c.add(codeJetStream, SeverityProblem, f.Name, "there is no JetStream: "+f.Why, "start nats-server with -js, and enable JetStream for the account")
		return
	}
	domain := "no domain"
	if f.Domain != "" {
		domain = fmt.Sprintf("domain %q", f.Domain)
	}
	c.ok(codeJetStream, f.Name, fmt.Sprintf("JetStream is on, API level %d, %s", f.APILevel, domain))
	examineServers(c, f)
	if f.MaxPayload < smallestPayload {
		c.add(codeMaxPayload, SeverityAdvice, f.Name, fmt.Sprintf("an event may have %s: larger cases have to be published without their content", bytesText(uint64(f.MaxPayload))),
			"raise max_payload, 1 MB is the server's default")
	} else {
		c.ok(codeMaxPayload, f.Name, fmt.Sprintf("an event may have %s (max_payload)", bytesText(uint64(f.MaxPayload))))
	}
	if f.APILevel < scheduleLevel {
		c.add(codeSchedules, SeverityProblem, f.Name, fmt.Sprintf("message schedules do not work: JetStream has API level %d, %d is needed; retries could not wait", f.APILevel, scheduleLevel),
			"upgrade all servers of the cluster to 2.12 or newer")
		return
	}
	c.ok(codeSchedules, f.Name, "message schedules work: retries can wait for their time")
}

// scheduleLevel is the API level of nats-server 2.12 (ADR-44, ADR-51).
const scheduleLevel = 2

func examineServers(c *chart, f stream.ServerFacts) {
	if n := len(f.Servers); f.Cluster != "" {
		c.ok(codeServers, f.Cluster, fmt.Sprintf("a cluster; %d of its servers are seen: %s", n, strings.Join(f.Servers, ", ")))
		return
	}
	fix := "where that is too little, use a cluster of three with nats.replicas: 3"
	if f.Embedded {
		fix = "where that is too little, set nats.url to a cluster of three, with nats.replicas: 3"
	}
	c.add(codeServers, SeverityAdvice, f.Name, "one server: while it is down nothing is taken, and what its disk loses is lost", fix)
}

// Shares of a limit from which it is worth a word.
const (
	nearlyFull = 0.8
	full       = 0.95
)

func examineAccount(c *chart, a stream.AccountFacts) {
	text, limit := fmt.Sprintf("%s on disk are used", bytesText(a.StoreUsed)), "without a limit"
	severity, fix := SeverityOK, ""
	if a.MaxStore > 0 {
		limit = "of " + bytesText(uint64(a.MaxStore))
		if severity = fullness(float64(a.StoreUsed) / float64(a.MaxStore)); severity != SeverityOK {
			fix = "raise the account's limit or max_file_store, or make room: a full store takes no events and no records"
		}
	}
	c.add(codeStore, severity, "account", text+" "+limit, fix)
	var tight []string
	if a.MaxBytesRequired {
		tight = append(tight, "streams must have a limit of bytes (max_bytes_required), and ours have none")
	}
	if a.MaxStreams > 0 && a.Streams >= a.MaxStreams {
		tight = append(tight, fmt.Sprintf("%d of %d streams are used", a.Streams, a.MaxStreams))
	}
	if a.MaxConsumers > 0 && float64(a.Consumers) >= nearlyFull*float64(a.MaxConsumers) {
		tight = append(tight, fmt.Sprintf("%d of %d consumers are used, and each connector needs one", a.Consumers, a.MaxConsumers))
	}
	if len(tight) > 0 {
		c.add(codeLimits, SeverityWarning, "account", strings.Join(tight, "; "), "raise the account's limits")
		return
	}
	c.ok(codeLimits, "account", fmt.Sprintf("%d streams (%s), %d consumers (%s)", a.Streams, limitText(a.MaxStreams), a.Consumers, limitText(a.MaxConsumers)))
}

func fullness(share float64) Severity {
	switch {
	case share >= full:
		return SeverityProblem
	case share >= nearlyFull:
		return SeverityWarning
	}
	return SeverityOK
}

func limitText(n int) string {
	if n <= 0 {
		return "no limit"
	}
	return fmt.Sprintf("at most %d", n)
}

// bytesText is a number of bytes for people.
func bytesText(n uint64) string {
	const step = 1024
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	v, units := float64(n)/step, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for v >= step && len(units) > 1 {
		v, units = v/step, units[1:]
	}
	return fmt.Sprintf("%.4g %s", v, units[0])
}
