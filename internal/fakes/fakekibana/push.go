package fakekibana

import (
	"time"

	"github.com/casepush/casepush/internal/kibana"
)

func serviceOf(s kibana.ExternalService) serviceDoc {
	return serviceDoc{
		ConnectorID: s.ConnectorID, ConnectorName: s.ConnectorName, ExternalID: s.ExternalID, ExternalTitle: s.ExternalTitle,
		ExternalURL: s.ExternalURL, PushedAt: s.PushedAt, PushedBy: userOf(s.PushedBy),
	}
}

// RecordPush leaves behind in a case what Kibana's own push does:
// external_service, pushed_at on every attachment that has none, a status
// action and closed_at when the owner's configuration closes by pushing, and
// last the user action "pushed". An empty PushedAt is now, a nil PushedBy an
// analyst. It returns the case.
func (k *Fake) RecordPush(caseID string, s kibana.ExternalService) (kibana.Case, error) {
	return k.change(caseID, s.PushedBy, func(c *kibanaCase, by kibana.User, now time.Time) error {
		if !s.PushedAt.IsZero() {
			now = s.PushedAt.Time
		}
		s.PushedAt, s.PushedBy = stamp(now), &by
		service := serviceOf(s)
		c.doc.ExternalService = &service
		k.touch(c, by, now)
		for _, a := range c.comments {
			if a.PushedAt.IsZero() {
				a.PushedAt, a.PushedBy, a.Version = s.PushedAt, userOf(&by), k.nextVersion()
			}
		}
		if conf := k.configuration(c.space, c.doc.Owner); conf != nil && conf.ClosureType == "close-by-pushing" {
			k.setStatus(c, "closed", by, now)
		}
		k.note(c, by, now, actionDoc{Action: "push_to_service", Type: "pushed", Payload: map[string]any{"externalService": service}})
		return nil
	})
}

// setStatus sets the status with all that goes with it. It needs the lock.
func (k *Fake) setStatus(c *kibanaCase, status string, by kibana.User, now time.Time) {
	c.doc.Status = status
	c.doc.ClosedAt, c.doc.ClosedBy, c.doc.Duration = kibana.Time{}, nil, nil
	if status == "closed" {
		seconds := int(now.Sub(c.doc.CreatedAt.Time) / time.Second)
		c.doc.ClosedAt, c.doc.ClosedBy, c.doc.Duration = stamp(now), userOf(&by), &seconds
	}
	k.note(c, by, now, actionDoc{Action: "update", Type: "status", Payload: map[string]any{"status": status}})
}
