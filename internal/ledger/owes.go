package ledger

// Promised reports whether a job was acknowledged because the entry comes back
// for its event, and has not yet.
func (e Entry) Promised() bool { return !e.Want.IsZero() && !e.Cursor.Covers(e.Want) }

// Unsettled reports whether the plan has to be settled by itself. That of a dead
// letter waits for whatever comes next, once its holder has let go of it.
func (e Entry) Unsettled() bool { return !e.Plan.Empty() && (!e.Dead || e.Plan.SettleAt.IsZero()) }

// Newest is the newest event that the entry knows of.
func (e Entry) Newest() Position {
	if e.Want.IsZero() {
		return e.Cursor
	}
	return e.Cursor.Later(e.Want)
}
