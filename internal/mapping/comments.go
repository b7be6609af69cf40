package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// totalAlertsSuffix follows the case's id in the id of the comment about the
// number of alerts, as in Kibana.
const totalAlertsSuffix = "-total-alerts"

// comments returns the comments of people in the order of the case, then the
// total of alerts if there are any. Blank comments are left out: Jira refuses
// them, and a footer alone says nothing.
func (r *renderer) comments() ([]connector.Comment, error) {
	var out []connector.Comment
	for i, c := range r.Case.Comments {
		if !c.IsUser() || strings.TrimSpace(c.Text) == "" {
			continue
		}
		if c.ID == "" {
			return nil, fmt.Errorf("case key %q: is missing: a comment without an id could be sent twice", fmt.Sprintf("comments[%d].id", i))
		}
		text := c.Text + "\n\n" + r.addedBy(c.UpdatedBy, c.CreatedBy)
		out = append(out, r.parts(c.ID, connector.Digest(c.Text), text)...)
	}
	if n := r.Case.AlertCount(); n > 0 {
		out = append(out, r.parts(AlertTotalID(r.Case.ID), strconv.Itoa(n), r.alertTotal(n))...)
	}
	return out, nil
}

// comment makes one comment of a text that fits.
func (r *renderer) comment(id, source, text string) connector.Comment {
	return connector.Comment{ID: id, Source: source, Digest: connector.Digest(text), Text: text, Target: r.plan.target}
}
