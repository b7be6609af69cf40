package worker

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/casepush/casepush/internal/config"
	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/httpclient"
	"github.com/casepush/casepush/internal/push"
	"github.com/casepush/casepush/internal/telemetry"
)

// Connectors makes the connectors of a configuration, each when it is first
// needed. It implements push.Connectors and is safe for concurrent use.
type Connectors struct {
	config *config.Config
	types  map[string]connector.Type
	client func(httpclient.Settings) (*http.Client, error)
	log    *telemetry.Logger               // nil: requests are not traced
	gate   func(id string) httpclient.Gate // nil: none is asked

	mu   sync.Mutex
	made map[string]push.Target
}

// NewConnectors serves the connectors of cfg. client makes the HTTP client of
// each; nil is httpclient.New.
func NewConnectors(cfg *config.Config, types []connector.Type, client func(httpclient.Settings) (*http.Client, error)) *Connectors {
	if client == nil {
		client = httpclient.New
	}
	c := &Connectors{config: cfg, types: map[string]connector.Type{}, client: client, made: map[string]push.Target{}}
	for _, t := range types {
		c.types[t.ID] = t
	}
	return c
}

// Target implements push.Connectors.
func (c *Connectors) Target(_ context.Context, id string) (push.Target, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.made[id]; ok {
		return t, nil
	}
	t, err := c.make(id)
	if err != nil {
		return push.Target{}, err
	}
	c.made[id] = t
	return t, nil
}

func (c *Connectors) make(id string) (push.Target, error) {
	def, ok := c.config.Connector(id)
	if !ok {
		for _, aside := range c.config.LeftAside {
			if aside.ID == id {
				return push.Target{}, fmt.Errorf("%q: %w", aside.Type, push.ErrUnsupportedType)
			}
		}
		return push.Target{}, push.ErrConnectorNotFound
	}
	t, ok := c.types[def.Type]
	if !ok {
		return push.Target{}, fmt.Errorf("%q: %w", def.Type, push.ErrUnsupportedType)
	}
	delivery := c.config.Delivery[id]
	settings := c.config.Outbound.Settings()
	settings.RequestsPerSecond = delivery.RequestsPerSecond
	if c.gate != nil {
		settings.Gate = c.gate(id)
	}
	if t.TLS != nil {
		var err error
		if settings.TLS, err = t.TLS(def); err != nil {
			return push.Target{}, fmt.Errorf("connector %q: %w", id, err)
		}
	}
	client, err := c.client(settings)
	if err != nil {
		return push.Target{}, fmt.Errorf("connector %q: %w", id, err)
	}
	trace(client, c.log, id)
	made, err := t.New(def, connector.Dependencies{HTTP: client})
	if err != nil {
		return push.Target{}, fmt.Errorf("connector %q: %w", id, err)
	}
	return push.Target{
		Definition: def, Type: t, Connector: made,
		CreateAgain: delivery.OnUncertain == config.CreateAgain,
	}, nil
}

// typeOf is the type of a connector of the configuration, "" if there is none.
func (c *Connectors) typeOf(id string) string {
	if def, ok := c.config.Connector(id); ok {
		return def.Type
	}
	for _, aside := range c.config.LeftAside {
		if aside.ID == id {
			return aside.Type
		}
	}
	return ""
}

// defaultInFlight is how many pushes of one connector run at once when neither
// the configuration nor the adapter says.
const defaultInFlight = 16

// inFlight is how many pushes of this connector may run at once.
func (c *Connectors) inFlight(ctx context.Context, id string) int {
	if n := c.config.Delivery[id].MaxInFlight; n > 0 {
		return n
	}
	if t, err := c.Target(ctx, id); err == nil {
		if n := t.Connector.Capabilities().MaxInFlight; n > 0 {
			return n
		}
	}
	return defaultInFlight
}
