package swimlane

import (
	"context"
	"fmt"
	"strings"

	"github.com/casepush/casepush/internal/connector"
)

// Probe implements [connector.Connector]: it reads the application, which
// needs the token, and looks for the mapped fields in it. Swimlane shows
// nobody's rights to its records, so Forbidden comes of the read alone.
func (s *swimlane) Probe(ctx context.Context) error {
	const op = "probe"
	app, err := s.readApplication(ctx, op)
	if err != nil {
		return err
	}
	s.app.Store(app)
	if wrong := s.wrongFields(app); len(wrong) > 0 {
		return &connector.Error{
			Op: op, Kind: connector.NotFound, Effect: connector.NotApplied,
			Err: fmt.Errorf("application %q: %s", s.settings.appID, strings.Join(wrong, "; ")),
		}
	}
	return nil
}

// wrongFields says which fields of config.mappings the application does not
// have, or has of another type.
func (s *swimlane) wrongFields(app *application) []string {
	var wrong []string
	for _, k := range mappingKeys() {
		to, mapped := s.settings.mapped[k.field]
		if !mapped {
			continue
		}
		at, there := app.field(to.id)
		switch {
		case !there:
			wrong = append(wrong, fmt.Sprintf("no field %q (mappings.%s)", to.id, k.key))
		case at.FieldType != to.fieldType:
			wrong = append(wrong, fmt.Sprintf("field %q is of type %q, mappings.%s says %q", to.id, at.FieldType, k.key, to.fieldType))
		}
	}
	return wrong
}
