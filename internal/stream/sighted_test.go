package stream

import "testing"

// TestSighted: every subject of the work stream is told apart, also of ids that
// look like one of our own words.
func TestSighted(t *testing.T) {
	t.Parallel()
	n := Names{DefaultPrefix}
	c := &Conn{names: n}
	at := place{"default", "verify"}
	for subject, want := range map[string]sighted{
		n.job("later", at.space, at.caseID):            {sightJob, "later", at},
		n.later("verify", at.space, at.caseID):         {sightRetry, "verify", at},
		n.laterVerify("work", at.space, at.caseID):     {sightVerify, "work", at},
		n.laterRoute(at.space, at.caseID, 7):           {sightRetry, routeQueue, at},
		n.job(encode("soc.jira"), at.space, at.caseID): {sightJob, encode("soc.jira"), at},
		n.join("work", "soc-jira", "odd"):              {sightJob, "soc-jira", place{}},
	} {
		if got, ok := c.sighted(subject); !ok || got != want {
			t.Errorf("%s: %+v, %t, want %+v", subject, got, ok, want)
		}
	}
	if g, ok := c.sighted(n.join("work")); ok {
		t.Errorf("%+v of a subject without a queue", g)
	}
}
