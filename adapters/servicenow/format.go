package servicenow

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/connector/wire"
)

// caseFields are the case's connector fields that are columns of the same name.
func (p product) caseFields() []string {
	if p.observables {
		return []string{fieldCategory, fieldSubcategory, fieldPriority}
	}
	return []string{fieldSeverity, fieldUrgency, fieldImpact, fieldCategory, fieldSubcategory}
}

// format makes the incident's fields of the case's connector fields. A null
// stays one: it clears the column, as in Kibana. The correlation id is no
// field: the connector writes it once. Of SecOps the alerts' observables are
// fields with the Table API, and comments of their own with the application.
func (p product) format(def connector.Definition, c connector.CaseInfo) (connector.Formatted, error) {
	if c.Fields == nil {
		return connector.Formatted{}, nil
	}
	s, _ := parse(p, def)
	var out connector.Formatted
	for _, name := range p.caseFields() {
		switch v := c.Fields[name].(type) {
		case nil:
			if _, there := c.Fields[name]; there {
				out.Fields = append(out.Fields, connector.Field{Name: name})
			}
		case string:
			out.Fields = append(out.Fields, connector.Field{Name: name, Value: v})
		default:
			return connector.Formatted{}, fmt.Errorf("case connector field %q: want a text or null, got %T", name, v)
		}
	}
	more, err := s.formatAdditional(c)
	if err != nil {
		return connector.Formatted{}, fmt.Errorf("case connector %w", err)
	}
	out.Fields = append(out.Fields, more...)
	if !p.observables {
		return out, nil
	}
	groups, err := observablesOf(c)
	if err != nil {
		return connector.Formatted{}, err
	}
	if s.tableAPI {
		out.Fields = append(out.Fields, joinedFields(groups)...)
	} else {
		out.Comments = observableComments(groups)
	}
	return out, nil
}

// formatAdditional judges the additional fields. They stay JSON text, because a
// map would lose the order of the keys.
func (s settings) formatAdditional(c connector.CaseInfo) ([]connector.Field, error) {
	v := c.Fields["additionalFields"]
	if v == nil || v == "" {
		return nil, nil
	}
	if s.tableAPI {
		return nil, fmt.Errorf("field %q: %w", fieldAdditional, wire.KibanaError(noAdditional))
	}
	o, err := additional(v)
	if err != nil {
		return nil, err
	}
	b, err := o.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", fieldAdditional, err)
	}
	return []connector.Field{{Name: fieldAdditional, Value: string(b)}}, nil
}
