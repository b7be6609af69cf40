// Package config reads the configuration file: YAML, strict, every problem at
// once with its place, and secrets by reference. Environment variables
// CASEPUSH_<SECTION>_<KEY> win over the file's scalar keys.
package config

import (
	"time"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/secret"
)

// Config is a whole configuration, defaults filled in. It is not changed after
// it was loaded, so it may be read concurrently. Printing or encoding it shows
// no secret.
type Config struct {
	NATS     NATS     `key:"nats"`
	Embedded Embedded `key:"embedded"`
	HTTP     HTTP     `key:"http"`
	Kibana   Kibana   `key:"kibana"`
	Outbound Outbound `key:"outbound"`
	Worker   Worker   `key:"worker"`

	// Connectors are the file's usable connectors, in the file's order. Each
	// has passed its type's Check.
	Connectors []connector.Definition
	// LeftAside are entries of connectors that nothing is pushed to, because
	// their type is not built. A push to one is a dead letter
	// unsupported_connector_type.
	LeftAside []LeftAside
	// Delivery by connector id, of connectors in the store too.
	Delivery map[string]Delivery
	// Configurations are unique by space and owner.
	Configurations []Configuration
}

// NATS says where the queue is. An empty URL means the embedded server.
type NATS struct {
	// URL may be several, separated by commas. Credentials written into it
	// have been moved to User and Password, or Token.
	URL string `key:"url" form:"nats"`
	// Creds is the path of a credentials file, "" for none. It is read again
	// at each reconnect, so that it can be rotated.
	Creds    string        `key:"creds" form:"path"`
	User     string        `key:"user"`
	Password secret.String `key:"password"`
	Token    secret.String `key:"token"`
	TLS      ClientTLS     `key:"tls"`
	// Prefix replaces "casepush" in every subject, stream, bucket and durable name.
	Prefix string `key:"prefix" form:"token"`
	// Replicas of streams and buckets that are created: 1, 3 or 5.
	Replicas int `key:"replicas"`
	// Manage says what may be done about streams and buckets: create makes what
	// is missing and sets the retention of results and dead letters; verify
	// changes nothing, and what is missing or differs is an error; none changes
	// and compares nothing, and only what is missing is an error.
	Manage    string    `key:"manage" oneof:"create verify none"`
	Retention Retention `key:"retention"`
}

// Retention says how long what is done is kept.
type Retention struct {
	Events      time.Duration `key:"events"`
	Results     time.Duration `key:"results"`
	DeadLetters time.Duration `key:"dead_letters"`
}

// Embedded is the server that runs inside when nats.url is not set.
type Embedded struct {
	Dir    string `key:"dir"` // relative to the working directory
	Listen string `key:"listen" form:"listen"`
}

// HTTP is the control plane: API, metrics, health, console.
type HTTP struct {
	Listen string `key:"listen" form:"listen"`
	// MetricsListen is a second listener for /metrics and health alone, "" for none.
	MetricsListen string    `key:"metrics_listen" form:"listen"`
	Tokens        []Token   `key:"tokens"`
	TLS           ServerTLS `key:"tls"`
}

// Token lets its bearer use the control plane.
type Token struct {
	Name  string        `key:"name"`
	Role  string        `key:"role" oneof:"viewer operator admin"`
	Token secret.String `key:"token"`
}

// Kibana says where cases are read and closed. An empty URL means no Kibana.
type Kibana struct {
	URL           string        `key:"url" form:"http"` // without a trailing slash
	APIKey        secret.String `key:"api_key"`
	Username      string        `key:"username"`
	Password      secret.String `key:"password"`
	PublicBaseURL string        `key:"public_base_url" form:"http"` // without a trailing slash
	OwnUser       string        `key:"own_user"`                    // of our writes; "" is Username, or is learned
	Client        `key:",inline"`
	ProxyURL      secret.String            `key:"proxyUrl" form:"http"`
	ProxyHeaders  map[string]secret.String `key:"proxyHeaders"`
	SSL           KibanaSSL                `key:"ssl"`
}

// Client bounds the answers of a server.
type Client struct {
	ResponseTimeout          time.Duration `key:"responseTimeout" form:"kibana"`
	MaxResponseContentLength Bytes         `key:"maxResponseContentLength"`
}

// KibanaSSL is TLS towards Kibana.
type KibanaSSL struct {
	VerificationMode       string        `key:"verificationMode" oneof:"full certificate none"`
	ProxyVerificationMode  string        `key:"proxyVerificationMode" oneof:"full certificate none"`
	CertificateAuthorities []File        `key:"certificateAuthorities"`
	Certificate            File          `key:"certificate"`
	Key                    File          `key:"key"`
	KeyPassphrase          secret.String `key:"keyPassphrase"`
}

// Outbound has Kibana's xpack.actions settings by Kibana's names: how
// connectors reach their trackers.
type Outbound struct {
	AllowedHosts       []string                 `key:"allowedHosts"`
	ProxyURL           secret.String            `key:"proxyUrl" form:"http"` // may hold credentials
	ProxyBypassHosts   []string                 `key:"proxyBypassHosts"`
	ProxyOnlyHosts     []string                 `key:"proxyOnlyHosts"`
	ProxyHeaders       map[string]secret.String `key:"proxyHeaders"`
	SSL                OutboundSSL              `key:"ssl"`
	CustomHostSettings []CustomHost             `key:"customHostSettings"`
	Client             `key:",inline"`
}

// OutboundSSL is TLS towards every tracker without settings of its own.
type OutboundSSL struct {
	VerificationMode      string `key:"verificationMode" oneof:"full certificate none"`
	ProxyVerificationMode string `key:"proxyVerificationMode" oneof:"full certificate none"`
}

// CustomHost is TLS towards one scheme://host:port.
type CustomHost struct {
	URL string        `key:"url" form:"http"`
	SSL CustomHostSSL `key:"ssl"`
}

// CustomHostSSL is TLS towards one host. Client certificates are ours: in
// Kibana only a connector may have one.
type CustomHostSSL struct {
	VerificationMode            string        `key:"verificationMode" oneof:"full certificate none"`
	CertificateAuthoritiesFiles []File        `key:"certificateAuthoritiesFiles"`
	CertificateAuthoritiesData  string        `key:"certificateAuthoritiesData"` // PEM
	Certificate                 File          `key:"certificate"`
	Key                         File          `key:"key"`
	KeyPassphrase               secret.String `key:"keyPassphrase"`
}

// Worker says how pushes are worked.
type Worker struct {
	// Lease is how long a worker may hold a case without a sign of life. No
	// request outlives it.
	Lease time.Duration `key:"lease"`
	// DrainTimeout is how long a stopping worker may finish what it began.
	DrainTimeout time.Duration `key:"drain_timeout"`
	// MaxAttemptAge is how long a push is tried again before it is a dead letter.
	MaxAttemptAge time.Duration `key:"max_attempt_age"`
	// RetryBase and RetryCap bound the backoff between attempts.
	RetryBase time.Duration `key:"retry_base"`
	RetryCap  time.Duration `key:"retry_cap"`
}

// LeftAside is an entry of connectors that nothing is pushed to.
type LeftAside struct{ ID, Name, Type string }

// Delivery says how one connector is pushed to. Zero values mean that the
// connector's capabilities decide.
type Delivery struct {
	MaxInFlight       int           `key:"max_in_flight"`
	RequestsPerSecond float64       `key:"requests_per_second"` // 0 is no limit
	OnUncertain       string        `key:"on_uncertain" oneof:"wait_for_person create_again"`
	SettleTime        time.Duration `key:"settle_time"`
	FindDelay         time.Duration `key:"find_delay"`
	// Adapter is what [connector.Definition] wants as Delivery: the adapter's
	// own keys, and settle_time and find_delay if they are set. Durations are
	// Go's texts.
	Adapter map[string]any
}

// CreateAgain is the value of Delivery.OnUncertain that may make a second
// incident; "" is wait_for_person.
const CreateAgain = "create_again"

// Configuration is the case configuration of one owner in one space.
type Configuration struct {
	Owner, SpaceID string
	ClosureType    string // close-by-user or close-by-pushing
	Connector      ConfigurationConnector
	// Mappings as configured; empty means the type's own.
	Mappings []connector.MappingRow
}

// Closure types.
const (
	CloseByUser    = "close-by-user"
	CloseByPushing = "close-by-pushing"
)

// ConfigurationConnector is a configuration's default connector. Its ID is
// "none" when there is none.
type ConfigurationConnector struct {
	ID, Name, Type string
	// Fields are kept for Kibana's API and never pushed, as in Kibana.
	Fields map[string]any
}

// Defaults returns the configuration of an empty file: an embedded server, a
// control plane on loopback, no Kibana, no connectors.
func Defaults() *Config {
	return &Config{
		NATS: NATS{
			Prefix: "casepush", Replicas: 1, Manage: "create",
			Retention: Retention{Events: 30 * day, Results: 90 * day, DeadLetters: 90 * day},
		},
		Embedded: Embedded{Dir: "./casepush-data", Listen: "127.0.0.1:4222"},
		HTTP:     HTTP{Listen: "127.0.0.1:8780"},
		Kibana: Kibana{
			// A case with all its comments is far larger than a tracker's answer.
			Client: Client{ResponseTimeout: time.Minute, MaxResponseContentLength: 64 << 20},
			SSL:    KibanaSSL{VerificationMode: "full", ProxyVerificationMode: "full"},
		},
		Outbound: Outbound{
			AllowedHosts: []string{"*"},
			SSL:          OutboundSSL{VerificationMode: "full", ProxyVerificationMode: "full"},
			Client:       Client{ResponseTimeout: time.Minute, MaxResponseContentLength: 1 << 20},
		},
		Worker: Worker{
			Lease: 30 * time.Second, DrainTimeout: 20 * time.Second, MaxAttemptAge: 72 * time.Hour,
			RetryBase: 5 * time.Second, RetryCap: time.Hour,
		},
		Delivery: map[string]Delivery{},
	}
}

const day = 24 * time.Hour

// UsesEmbedded reports whether the queue is the embedded server.
func (c *Config) UsesEmbedded() bool { return c.NATS.URL == "" }

// Connector returns the file's connector of an id.
func (c *Config) Connector(id string) (connector.Definition, bool) {
	for _, d := range c.Connectors {
		if d.ID == id {
			return d, true
		}
	}
	return connector.Definition{}, false
}

// Configuration returns the file's configuration of an owner in a space.
func (c *Config) Configuration(spaceID, owner string) (Configuration, bool) {
	for _, x := range c.Configurations {
		if x.SpaceID == spaceID && x.Owner == owner {
			return x, true
		}
	}
	return Configuration{}, false
}
