package fakekibana

import (
	"net/http"
	"slices"
	"time"

	"github.com/casepush/casepush/internal/fakes"
	"github.com/casepush/casepush/internal/kibana"
)

// configDoc is a configuration as Kibana writes it.
type configDoc struct {
	ID              string           `json:"id"`
	Version         string           `json:"version"`
	Owner           string           `json:"owner"`
	ClosureType     string           `json:"closure_type"`
	Connector       connectorDoc     `json:"connector"`
	CustomFields    []any            `json:"customFields"`
	Templates       []any            `json:"templates"`
	ObservableTypes []any            `json:"observableTypes"`
	Mappings        []kibana.Mapping `json:"mappings"`
	Error           *string          `json:"error"`
	CreatedAt       kibana.Time      `json:"created_at"`
	CreatedBy       *userDoc         `json:"created_by"`
	UpdatedAt       kibana.Time      `json:"updated_at"`
	UpdatedBy       *userDoc         `json:"updated_by"`
}

// SetConfiguration sets the configuration of an owner in a space ("" is
// default) and returns it. What is empty gets a value: id, owner (cases),
// closure_type (close-by-user), connector (none).
func (k *Fake) SetConfiguration(space string, in kibana.Configuration) kibana.Configuration {
	k.mu.Lock()
	defer k.mu.Unlock()
	space = orDefault(space, "default")
	by := defaultAnalyst()
	c := &configDoc{
		ID: orDefault(in.ID, newUUID()), Version: k.nextVersion(), Owner: orDefault(in.Owner, "cases"),
		ClosureType: orDefault(in.ClosureType, "close-by-user"), Connector: connectorOf(in.Connector),
		CustomFields: []any{}, Templates: []any{}, ObservableTypes: []any{}, Mappings: append([]kibana.Mapping{}, in.Mappings...),
		CreatedAt: stamp(time.Now()), CreatedBy: userOf(&by),
	}
	k.configs[space] = append(slices.DeleteFunc(k.configs[space], func(other *configDoc) bool { return other.Owner == c.Owner }), c)
	return kibana.Configuration{
		ID: c.ID, Version: c.Version, Owner: c.Owner, ClosureType: c.ClosureType,
		Connector: kibana.CaseConnector(c.Connector), Mappings: slices.Clone(c.Mappings),
	}
}

// configuration needs the lock.
func (k *Fake) configuration(space, owner string) *configDoc {
	for _, c := range k.configs[space] {
		if c.Owner == owner {
			return c
		}
	}
	return nil
}

func (k *Fake) getConfigure(w http.ResponseWriter, r *http.Request) {
	if !checkQuery(w, r, "owner") {
		return
	}
	owners := r.URL.Query()["owner"]
	k.mu.Lock()
	defer k.mu.Unlock()
	list := []*configDoc{}
	for _, c := range k.configs[spaceOf(r)] {
		if len(owners) == 0 || slices.Contains(owners, c.Owner) {
			list = append(list, c)
		}
	}
	if k.atLeast(7, 14) {
		fakes.WriteJSON(w, http.StatusOK, list)
		return
	}
	if len(list) == 0 {
		fakes.WriteJSON(w, http.StatusOK, struct{}{})
		return
	}
	fakes.WriteJSON(w, http.StatusOK, list[0])
}
