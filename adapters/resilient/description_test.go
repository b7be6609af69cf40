package resilient_test

import (
	"strings"
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/fakes/fakeresilient"
)

// The text of a case never becomes markup, and reads back as it was, whatever
// the server's sanitiser makes of it.
func TestDescriptionIsEscaped(t *testing.T) {
	t.Parallel()
	const said = "<script>alert('1')</script> & \"quotes\" a=b+c@d\n\n  <b>not bold</b>\n\tend"
	for _, delivery := range []map[string]any{nil, {"description_format": "text"}, {"correlation_property": "kibana_case_id"}} {
		fake := fakeresilient.New(fakeresilient.Options{})
		con := open(t, through(fake), delivery)
		ref := create(t, con, fields("name", "Beacon", "description", said))
		for _, step := range []string{"created", "updated"} {
			i, _ := fake.Incident(ref.ID)
			kept := i.Text("description")
			if want := delivery["description_format"] == "text"; (kept.Format == "text") != want || kept.Format == "html" && strings.Contains(kept.Content, "<b>") {
				t.Errorf("%v, %s: %+v", delivery, step, kept)
			}
			got, err := con.ReadIncident(t.Context(), ref, []string{"description"})
			if err != nil || got.Text("description") != said {
				t.Errorf("%v, %s: read %q, %v, want %q", delivery, step, got.Text("description"), err, said)
			}
			if err := con.UpdateIncident(t.Context(), someCase, ref, fields("description", said)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The line of the mark stays through updates, is no part of what is read, and
// stands there once.
func TestMarkLineStays(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	con := open(t, through(fake), nil)
	ref := create(t, con, fields("name", "Beacon"))
	for _, said := range []string{"One.", "Two.\nElastic Case: kibana-case-other-0123456789", ""} {
		if err := con.UpdateIncident(t.Context(), someCase, ref, fields("description", said)); err != nil {
			t.Fatal(err)
		}
		i, _ := fake.Incident(ref.ID)
		kept := i.Text("description").Content
		if strings.Count(kept, "Elastic Case: kibana-case-") != 1 || !strings.Contains(kept, "Elastic Case: kibana-case-c-81-") {
			t.Errorf("after %q: %q", said, kept)
		}
		want, _, _ := strings.Cut(said, "\n")
		if got, err := con.ReadIncident(t.Context(), ref, []string{"description"}); err != nil || got.Text("description") != want {
			t.Errorf("read %q, %v, want %q", got.Text("description"), err, want)
		}
		if found, err := con.FindIncident(t.Context(), someCase); err != nil || found != ref {
			t.Errorf("after %q: found %+v, %v", said, found, err)
		}
	}
}

// An incident that Kibana pushed has raw text as HTML and no line: its lines
// are read, an update keeps the format, escapes and adds the line.
func TestIncidentOfKibana(t *testing.T) {
	t.Parallel()
	fake := fakeresilient.New(fakeresilient.Options{})
	kibana := open(t, through(fake), map[string]any{"correlation_property": "kibana_case_id", "description_format": "text"})
	ref := create(t, kibana, fields("name", "Beacon", "description", "first\nsecond"))
	con := open(t, through(fake), nil)
	if _, err := con.FindIncident(t.Context(), someCase); err == nil || connector.AsError("", err).Kind != connector.NotFound {
		t.Errorf("found by a line that it does not have: %v", err)
	}
	if err := con.UpdateIncident(t.Context(), someCase, ref, fields("description", "third <b>")); err != nil {
		t.Fatal(err)
	}
	i, _ := fake.Incident(ref.ID)
	if got := i.Text("description"); got.Format != "text" || !strings.HasPrefix(got.Content, "third <b>\n\nElastic Case: ") {
		t.Errorf("description %+v", got)
	}
	if found, err := con.FindIncident(t.Context(), someCase); err != nil || found != ref {
		t.Errorf("found %+v, %v", found, err)
	}
}
