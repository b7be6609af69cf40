package webhook

import (
	"fmt"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/mapping/template"
)

// action is what the definition says of one kind of request.
type action struct {
	method string             // GET, POST, PUT, PATCH; "": Kibana sends nothing
	url    *template.Template // of a create nil: that URL is not rendered
	body   *template.Template // nil: none is sent
}

// on renders the request about an incident. Errors wrap [connector.ErrTemplate].
func (a action) on(ref connector.Ref, vars template.Vars) (call, error) {
	vars = ofIncident(vars, ref)
	c := call{method: a.method}
	var err error
	if c.url, err = a.url.RenderURL(vars); err != nil {
		return call{}, err
	}
	if a.body != nil {
		c.body, err = a.body.RenderJSON(vars)
	}
	return c, err
}

// caseVars are the variables of a case. A value that is missing is null.
func caseVars(in connector.Incident) template.Vars {
	values := map[string]any{}
	for _, name := range fieldNames() {
		values[name], _ = in.Get(name)
	}
	return template.Vars{"case": values}
}

// ofIncident adds the variables of an incident. Its id is a text, whatever it
// is in the tracker's answers, as in Kibana.
func ofIncident(vars template.Vars, ref connector.Ref) template.Vars {
	out := template.Vars{"external": map[string]any{"system": map[string]any{"id": ref.ID, "title": ref.Title}}}
	for name, v := range vars {
		out[name] = v
	}
	return out
}

// complete refuses an incident that lacks a value: it would be cleared.
func complete(in connector.Incident) error {
	for _, name := range fieldNames() {
		if _, ok := in.Get(name); !ok {
			return fmt.Errorf("field %q is missing: an update renders every value of the case", name)
		}
	}
	return nil
}
