package worker

import (
	"context"
	"sync"
	"time"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
	"github.com/casepush/casepush/internal/push"
)

// kibanaRulesAge is for how long Kibana's answer about a configuration is
// used: it is asked once for many pushes.
const kibanaRulesAge = 10 * time.Second

// Rules finds case configurations: the file's, else Kibana's. It implements
// push.Configurations and is safe for concurrent use.
type Rules struct {
	config *config.Config
	kibana *kibana.Client // nil: the file's only

	mu     sync.Mutex
	cached map[rulesKey]cachedRules
}

type rulesKey struct{ space, owner string }

type cachedRules struct {
	rules push.Rules
	at    time.Time
}

// NewRules serves the configurations of cfg and, if client is not nil, of Kibana.
func NewRules(cfg *config.Config, client *kibana.Client) *Rules {
	return &Rules{config: cfg, kibana: client, cached: map[rulesKey]cachedRules{}}
}

// Rules implements push.Configurations.
func (r *Rules) Rules(ctx context.Context, space, owner string) (push.Rules, error) {
	if c, ok := r.fromFile(space, owner); ok {
		return c, nil
	}
	if r.kibana == nil || owner == "" {
		return push.Rules{}, nil
	}
	key := rulesKey{space, owner}
	r.mu.Lock()
	hit, ok := r.cached[key]
	r.mu.Unlock()
	if ok && time.Since(hit.at) < kibanaRulesAge {
		return hit.rules, nil
	}
	c, err := r.kibana.Configuration(ctx, space, owner)
	if err != nil {
		return push.Rules{}, err
	}
	rules := fromKibana(c)
	r.mu.Lock()
	r.cached[key] = cachedRules{rules, time.Now()}
	r.mu.Unlock()
	return rules, nil
}

// fromFile finds the file's configuration. An event without an owner uses the
// space's only one.
func (r *Rules) fromFile(space, owner string) (push.Rules, bool) {
	c, ok := r.config.Configuration(space, owner)
	if !ok && owner == "" {
		for _, other := range r.config.Configurations {
			if other.SpaceID != space {
				continue
			}
			if ok {
				return push.Rules{}, false
			}
			c, ok = other, true
		}
	}
	if !ok {
		return push.Rules{}, false
	}
	return push.Rules{
		ClosePushed: c.ClosureType == config.CloseByPushing, ConnectorID: connectorID(c.Connector.ID), Rows: c.Mappings,
	}, true
}

// fromKibana makes rules of Kibana's configuration.
func fromKibana(c *kibana.Configuration) push.Rules {
	if c == nil {
		return push.Rules{}
	}
	var rows []connector.MappingRow
	for _, m := range c.Mappings {
		rows = append(rows, connector.MappingRow{Source: connector.Source(m.Source), Target: m.Target, ActionType: connector.ActionType(m.ActionType)})
	}
	return push.Rules{
		ClosePushed: c.ClosureType == config.CloseByPushing, ConnectorID: connectorID(c.Connector.ID), Rows: rows,
	}
}

// connectorID is "" for Kibana's "none".
func connectorID(id string) string {
	if id == kibana.NoConnector {
		return ""
	}
	return id
}
