package arch

// layer is the closed list of what a package may import.
type layer struct {
	dir   string   // pattern of the importing folders
	may   []string // patterns of imports beyond the standard library; "./" leads to own packages
	never []string // packages of the standard library that it may not
	why   string
}

// outside is what a pure package does without: its answers depend on its
// arguments alone.
var outside = []string{"os", "os/exec", "net", "net/http", "syscall"}

var layers = []layer{
	{
		dir: "internal/secret",
		why: "everybody holds secrets, so their type must not lead anywhere",
	},
	{
		dir: "internal/connector",
		may: []string{"./internal/secret"},
		why: "the contract between pusher and adapters: whoever writes an adapter reads this and nothing else",
	},
	{
		dir: "internal/connector/definition", never: outside,
		may: []string{"./internal/connector", "./internal/secret"},
		why: "whether a definition is right depends on nothing but the definition",
	},
	{
		dir: "internal/kibanaschema", never: outside,
		may: []string{"./internal/connector", "./internal/secret"},
		why: "what Kibana accepts of a connector depends on the definition alone: whoever stores it asks",
	},
	{
		dir: "internal/connector/wire", never: outside,
		why: "bytes and values: how JSON is written and read is the same for every tracker and knows none",
	},
	{
		dir: "internal/event", never: outside,
		why: "an event means the same to its publisher, the router and the tools: decoding it is pure",
	},
	{
		dir: "internal/ledger", never: outside,
		may: []string{"./internal/connector"},
		why: "stores implement it and the pusher uses it: it must know neither, only the contract's Ref and Digest",
	},
	{
		dir: "internal/mapping", never: outside,
		may: []string{"./internal/connector", "./internal/kibana", "./internal/event", "./internal/secret", "./internal/mapping/template"},
		why: "pure: the same case and configuration give the same incident, in a push, a plan and a replay",
	},
	{
		dir: "internal/mapping/template", never: outside,
		may: []string{"./internal/connector", "github.com/cbroglie/mustache"},
		why: "templates see the data they are given, and neither files nor the network",
	},
	{
		dir: "internal/pemkey",
		may: []string{"./internal/secret"},
		why: "keys are read in one place, for TLS and for signing",
	},
	{
		dir: "internal/httpclient",
		may: []string{"./internal/connector", "./internal/pemkey", "./internal/secret"},
		why: "it judges answers in the contract's words and must not know who asks",
	},
	{
		dir: "internal/gate", never: outside,
		may: []string{"./internal/connector"},
		why: "when a tracker is left alone is decided without NATS and HTTP: whoever uses it stores, shares and obeys what it says",
	},
	{
		dir: "internal/kibana",
		may: []string{"./internal/connector", "./internal/httpclient", "./internal/secret"},
		why: "a client of Kibana alone: the case types are used where NATS and trackers are unknown",
	},
	{
		dir: "internal/push",
		may: []string{
			"./internal/connector", "./internal/kibana", "./internal/ledger", "./internal/mapping", "./internal/event", "./internal/secret",
			"golang.org/x/sync/...",
		},
		never: []string{"net/http", "net"},
		why:   "exactly-once is decided here and tested against enumerated crashes: queue, store and tracker come in as interfaces",
	},
	{
		dir: "internal/ops",
		may: []string{
			"./internal/connector", "./internal/event", "./internal/gate", "./internal/kibana", "./internal/ledger", "./internal/push", "./internal/stream",
		},
		never: []string{"net/http", "net", "os"},
		why:   "what an operator may do is the same on the command line and over HTTP: it knows neither, nor the worker that wires them",
	},
	{
		dir: "internal/telemetry",
		may: []string{"./internal/secret", "go.uber.org/zap/...", "go.elastic.co/ecszap"},
		why: "everybody logs, so the logger must not lead anywhere",
	},
	{
		dir: "internal/arch",
		why: "it must run when nothing else compiles",
	},
	{
		dir: "adapters",
		may: []string{"./internal/connector", "./adapters/*"},
		why: "a table of types, nothing more",
	},
	{
		dir: "adapters/*",
		may: []string{
			"./internal/connector", "./internal/connector/definition", "./internal/connector/wire", "./internal/httpclient", "./internal/secret",
			"./internal/mapping/template", "./internal/pemkey",
			"github.com/andygrunwald/go-jira", "github.com/golang-jwt/jwt/v5", "golang.org/x/time/rate", "software.sslmate.com/src/go-pkcs12",
		},
		why: "an adapter knows its tracker and the contract; retry, logging and state are not its business, nor are other adapters",
	},
}

// owner lists who may import what. The first entry that matches counts.
type owner struct {
	of  []string // patterns of import paths
	by  []string // patterns of folders; none is tests only
	why string
}

var owners = []owner{
	// Our own.
	{
		of:  []string{"./internal/worker/..."},
		by:  []string{"cmd/casepush", "internal/worker/...", "internal/demo"},
		why: "it wires everything together: whatever imported it would depend on everything",
	},
	{
		of:  []string{"./internal/api/...", "./internal/console/..."},
		by:  []string{"cmd/casepush", "internal/worker", "internal/api/...", "internal/console/..."},
		why: "HTTP is one way in: what it can do, internal/ops does for the command line as well",
	},
	{
		of:  []string{"./internal/fakes/..."},
		by:  []string{"cmd/casepush", "internal/fakes/...", "internal/demo"},
		why: "fakes are a product of their own (demo, fakes); a worker that could reach them could push to one",
	},
	{
		of:  []string{"./internal/demo"},
		by:  []string{"cmd/casepush"},
		why: "it runs the worker on fakes: what a user sees, and nothing to build on",
	},
	{
		of:  []string{"./internal/connector/adaptertest", "./internal/connector/connectortest", "./internal/ledger/ledgertest", "./internal/proctest"},
		why: "for tests: they import testing",
	},
	{
		of:  []string{"./internal/spectest"},
		by:  []string{"internal/connector/adaptertest"},
		why: "for tests, and for what serves tests: it imports testing",
	},
	{
		of:  []string{"./internal/connector/definition", "./internal/connector/wire"},
		by:  []string{"adapters/*"},
		why: "what all adapters share is for adapters: the rest of the program sees their contract alone",
	},
	{
		of:  []string{"./internal/arch"},
		why: "it is a test",
	},
	{
		of:  []string{"./adapters/*"},
		by:  []string{"adapters"},
		why: "everybody else takes adapters from the table adapters.Types, so that a new one is one line",
	},
	{
		of:  []string{"./cmd/..."},
		by:  []string{"cmd/..."},
		why: "commands are on top",
	},
	// The standard library.
	{
		of:  []string{"testing", "testing/*"},
		by:  []string{"internal/*/*test", "internal/*test"},
		why: "it registers its flags in whatever links it",
	},
	{
		of:  []string{"log", "log/slog"},
		by:  []string{"internal/telemetry"},
		why: "return or log, never both; the one logger is telemetry's, with its redaction and level",
	},
	// Libraries.
	{
		of:  []string{"github.com/nats-io/...", "github.com/synadia-io/orbit.go/..."},
		by:  []string{"internal/stream/..."},
		why: "all that is true of NATS is said in one package, and every other one is tested without it",
	},
	{
		of:  []string{"github.com/cbroglie/mustache"},
		by:  []string{"internal/mapping/template"},
		why: "mustache needs its guard: bounded output, plain data, no partials from files",
	},
	{
		of:  []string{"github.com/goccy/go-yaml/..."},
		by:  []string{"internal/config"},
		why: "strictness, positions and suggestions are decided in one place",
	},
	{
		of:  []string{"go.uber.org/zap/...", "go.elastic.co/ecszap"},
		by:  []string{"internal/telemetry"},
		why: "a logger that is made elsewhere would write unredacted",
	},
	{
		of:  []string{"github.com/spf13/cobra/...", "github.com/spf13/pflag", "github.com/jedib0t/go-pretty/...", "github.com/mattn/go-isatty", "github.com/schollz/progressbar/v3", "golang.org/x/sys/unix"},
		by:  []string{"cmd/casepush"},
		why: "the command line and the terminal are the command's business",
	},
	{
		of:  []string{"github.com/andygrunwald/go-jira"},
		by:  []string{"adapters/jira"},
		why: "its defects are known and worked around in one place",
	},
	{
		of:  []string{"github.com/golang-jwt/jwt/v5"},
		by:  []string{"adapters/servicenow", "internal/fakes/fakeservicenow"},
		why: "only ServiceNow takes assertions",
	},
	{
		of:  []string{"software.sslmate.com/src/go-pkcs12"},
		by:  []string{"adapters/webhook"},
		why: "only webhooks take PKCS #12",
	},
	{
		of:  []string{"golang.org/x/time/rate"},
		by:  []string{"adapters/*"},
		why: "the requests of a connector share the pace of internal/httpclient, which has an order; it is for an adapter whose tracker counts per record",
	},
	{
		of:  []string{"golang.org/x/sync/..."},
		by:  []string{"cmd/...", "internal/..."},
		why: "structured concurrency is for whoever runs things; adapters run nothing",
	},
	{
		of: []string{
			"github.com/google/go-cmp/...", "pgregory.net/rapid", "go.uber.org/goleak", "github.com/rogpeppe/go-internal/...",
			"github.com/getkin/kin-openapi/...",
		},
		by:  []string{"internal/*/*test", "internal/*test"},
		why: "libraries for tests have no place in the binary",
	},
}
