package mutants

// mutant is one mistake: in file of internal/push, each edit is made.
type mutant struct {
	name, mistake string
	file          string
	edits         []edit
}

// edit turns old, which is in the file exactly once, into new.
type edit struct{ old, new string }

// mistake makes a mutant of pairs of old and new text.
func mistake(name, what, file string, pairs ...string) mutant {
	m := mutant{name: name, mistake: what, file: file}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.edits = append(m.edits, edit{pairs[i], pairs[i+1]})
	}
	return m
}

func mutants() []mutant {
	return []mutant{
		mistake(
			"no intent", "what is about to be sent is recorded only afterwards", "apply.go",
			"	e.Want = a.promise()\n	return a.hold(ctx, e)\n",
			"	e.Want = a.promise()\n	plan := e.Plan\n	e.Plan = nil\n	err := a.hold(ctx, e)\n	a.entry.Plan = plan\n	return err\n",
		),
		mistake(
			"no claim", "a live claim of another worker is not respected", "gate.go",
			"a.rev, c.Lease); rest > 0 {", "a.rev, c.Lease); rest > c.Lease {",
		),
		mistake(
			"ack under another's claim", "another worker is on it, so the job is acknowledged", "gate.go",
			"Verdict{Action: HandBack, Delay: min(rest, maxDelay), Note: \"claimed by another worker\"}",
			"Verdict{Action: Done, Note: \"claimed by another worker\"}",
		),
		mistake(
			"no settle time", "what is uncertain is looked up at once", "gate.go",
			"	d := a.caps.SettleTime\n", "	d := a.caps.SettleTime * 0\n",
		),
		mistake(
			"no find delay", "a create is searched before the tracker's index can have it", "gate.go",
			"d += a.caps.FindDelay", "d += 0",
		),
		mistake(
			"settle from the intent", "the settle time counts from the claim, not from the end of its lease", "gate.go",
			"	a.settleLater(e.Plan, a.settleTime(e.Plan))\n", "	a.settleLater(e.Plan, a.settleTime(e.Plan)-a.p.Lease)\n",
		),
		mistake(
			"request outlives the lease", "a request may run longer than the claim holds", "apply.go",
			"context.WithDeadline(ctx, a.deadline.Add(-a.p.Lease/endPart))", "context.WithCancel(ctx)",
		),
		mistake(
			"create again", "an uncertain create is sent again without a search", "prepare.go",
			"	if !a.caps.FindIncident {\n		if a.target.CreateAgain {\n			return nil\n", "	if a.caps.FindIncident {\n		if !a.target.CreateAgain {\n			return nil\n",
		),
		mistake(
			"lost create is none", "a create without an answer is taken for one that did not happen", "apply.go",
			"		if f.err.Effect == connector.NotApplied && !a.repeats {\n			a.entry.Plan = nil // no", "		if f.err != nil {\n			a.entry.Plan = nil // no",
		),
		mistake(
			"lost comment is none", "a comment without an answer is taken for one that did not happen", "apply.go",
			"a.entry.Plan.Comments = a.entry.Plan.Comments[:n] // the later", "a.entry.Plan.Comments = nil // the later",
		),
		mistake(
			"lost update is none", "an update without an answer is forgotten, though it may still take effect", "apply.go",
			"		if !applied {\n			a.entry.Plan = nil\n", "		if f != nil {\n			a.entry.Plan = nil\n",
		),
		mistake(
			"comments are not looked up", "uncertain comments are sent again", "prepare.go",
			"	extra := map[string]int{}", "	if marks != nil {\n		return\n	}\n	extra := map[string]int{}",
		),
		mistake(
			"known texts are not taken off", "of identical texts, one that is there answers for each", "prepare.go",
			"		extra[digest] -= a.entry.CountDigest(digest)\n", "		extra[digest] -= 0\n",
		),
		mistake(
			"identical texts share a count", "one comment that is there counts for several intents of its text", "prepare.go",
			"			extra[m.Digest]--\n", "",
		),
		mistake(
			"delivered state", "the delivered event's state is pushed, not the newest", "state.go",
			"best == nil || !o.Before(order) {", "best == nil || m.Seq == a.job.Seq || order.Seq > a.job.Seq {",
		),
		mistake(
			"older overwrites newer", "an older state's fields are pushed over a newer one's", "compare.go",
			"	if !older {\n", "	if older || !older {\n",
		),
		mistake(
			"stale read believed", "a mailbox that answers late is believed", "state.go",
			"		} else if has {\n			return &failure{stage: StageCase, stale: true}\n", "		} else if has {\n			a.state.head = head\n",
		),
		mistake(
			"retry forgets the plan", "a retry is recorded without what may have been sent", "finish.go",
			"	if e.Plan.Empty() {\n		e.Plan = nil\n	} else if", "	if e.Plan != nil {\n		e.Plan = nil\n	} else if",
		),
		mistake(
			"want is not raised", "a job is acknowledged because a retry waits, which does not know its event", "gate.go",
			"	if err := a.raiseWant(ctx); err != nil {\n		return Verdict{}, true, err\n	}\n", "",
		),
		mistake(
			"retry ahead of time", "a job does not wait for the entry's retry", "gate.go",
			"		until = r.NotBefore\n", "		until = r.First\n",
		),
		mistake(
			"retry-after ignored", "the backoff decides, whatever the tracker asked for", "decide.go",
			"after := s.Err.RetryAfter; after > 0 {", "after := s.Err.RetryAfter; after < 0 {",
		),
		mistake(
			"held is tried", "a push that was only put off counts as an attempt, and its wait as age", "finish.go",
			"	if d.PutOff {\n", "	if d.PutOff && attempts < 0 {\n",
		),
		mistake(
			"absence believed", "a lost ledger's silence is taken for a proof that no incident was made", "trust.go",
			"	return a.young()\n", "	return a.young() || a.lost()\n",
		),
		mistake(
			"old search believed", "that an incident was searched for before the ledger was lost still counts", "trust.go",
			"!at.IsZero() && !at.Before(trusted) {", "!at.IsZero() {",
		),
		mistake(
			"lost comments again", "comments that a lost ledger may have known are sent without a look", "trust.go",
			"	case a.counted:\n		return false\n", "	case trusted.After(inc.At), !trusted.After(inc.At):\n		return false\n",
		),
		mistake(
			"no patience", "right after a loss, what was sent last is looked for before it can show", "trust.go",
			"	if !a.lost() || a.young() {\n		return nil\n	}\n	d :=", "	if !a.lost() || a.caps.FindIncident {\n		return nil\n	}\n	d :=",
		),
		mistake(
			"no second look", "an incident that came after a doubt is never looked at again", "verify.go",
			"	a.entry.Verify = &ledger.Verify{At: now.Add(a.p.VerifyAfter), Since: now}\n", "	a.entry.Verify = nil\n	_ = now\n",
		),
		mistake(
			"doubt forgotten", "that nothing was found before the create is not recorded", "verify.go",
			"		a.entry.Verify = &ledger.Verify{}\n", "		_ = ledger.Verify{}\n",
		),
		mistake(
			"duplicate off the record", "a duplicate is retired before it is on record", "verify.go",
			"			e.AddDuplicate(", "			(&ledger.Entry{}).AddDuplicate(",
		),
		mistake(
			"retry is covered", "the cursor covers a redrive whose retry waits", "gate.go",
			" && a.entry.Retry == nil &&\n", " &&\n",
		),
		mistake(
			"conflict is done", "a lost compare-and-set ends the job", "pusher.go",
			"Verdict{Action: HandBack, Delay: raceDelay,", "Verdict{Action: Done,",
		),
		mistake(
			"no adoption", "what exists at the tracker is not looked for before the first create", "prepare.go",
			"	pushed, f := a.pushedByKibana(ctx)\n	if f != nil {\n", "	pushed, f := a.pushedByKibana(ctx)\n	if f == nil {\n",
		),
		mistake(
			"adopted comments again", "comments that Kibana has pushed are sent again", "prepare.go",
			"if stamped[mapping.BaseID(c.ID)] {", "if stamped[c.ID] && c.ID == \"\" {",
		),
		mistake(
			"half an adoption", "an incident is recorded as found although its comments could not be counted", "prepare.go",
			"		a.entry = stored\n", "",
		),
		mistake(
			"letter after the cursor", "the cursor moves on before the dead letter is stored", "finish.go",
			"	if err := a.p.DeadLetters.Put(ctx, letter); err != nil {\n		return Verdict{}, err\n	}\n	e := a.entry.Clone()\n",
			"	e := a.entry.Clone()\n",
			"	r := a.result(*o)\n", "	if err := a.p.DeadLetters.Put(ctx, letter); err != nil {\n		return Verdict{}, err\n	}\n	r := a.result(*o)\n",
		),
		mistake(
			"result once", "the outcome that a dead worker had recorded is not told", "gate.go",
			"last != nil && (a.job.Redelivered || last.EventSeq == a.job.Seq)", "last != nil && last.EventSeq == 0",
		),
		mistake(
			"close without a look", "a close whose answer was lost is repeated over a person's reopening", "close.go",
			"case known && !at.IsZero():", "case known && !at.IsZero() && since.IsZero():",
		),
		mistake(
			"close without a record", "the case is closed before it is recorded that it shall be", "finish.go",
			"		e.Dead = wasDead // until the dead letter is settled, after the close\n		if err := a.hold(ctx, e); err != nil {\n			return Verdict{}, err\n		}\n",
			"		a.entry = e\n",
		),
		mistake(
			"replay covers", "a replay covers events whose own push is still to come, and does not close", "pusher.go",
			"	if a.job.Kind == KindReplay {\n		return a.entry.Cursor\n	}\n", "",
		),
		mistake(
			"appended twice", "what is appended is not compared with what is there", "compare.go",
			"		if !grown {\n", "		if !grown {\n			joined = current.Text(f.Name) + added\n		}\n		if added == \"\" {\n",
		),
	}
}
