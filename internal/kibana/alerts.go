package kibana

// AlertCount is the number of alerts attached to the case: the greater of
// those listed (the ids over all alert attachments, an id that is there twice
// twice, as Kibana counts them) and TotalAlerts. Newer versions list none, and
// a snapshot may list only some, so that either alone would change with the
// way in which the case came to us.
func (c *Case) AlertCount() int {
	n := 0
	for _, a := range c.Comments {
		if a.IsAlert() {
			n += len(a.AlertID)
		}
	}
	return max(n, c.TotalAlerts)
}

// AlertsPushed reports whether Kibana has pushed the number of alerts as it is
// now, to whichever connector: there are alert attachments, and all are marked
// as pushed. Where Kibana counts alerts but lists none, it is true only if the
// case has not changed since Kibana's latest push.
func (c *Case) AlertsPushed() bool {
	listed := false
	for _, a := range c.Comments {
		if !a.IsAlert() {
			continue
		}
		if a.PushedAt.IsZero() {
			return false
		}
		listed = true
	}
	if listed || c.TotalAlerts == 0 || c.ExternalService == nil {
		return listed
	}
	// A push writes one instant into both.
	pushed := c.ExternalService.PushedAt
	return !pushed.IsZero() && !c.changedAt().After(pushed.Time)
}

// changedAt is when the case changed last; updated_at is null until the first
// change after creation.
func (c *Case) changedAt() Time {
	if c.UpdatedAt.IsZero() {
		return c.CreatedAt
	}
	return c.UpdatedAt
}
