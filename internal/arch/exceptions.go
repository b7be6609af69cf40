package arch

// exception lets one place break one rule. One that is no longer needed is a
// violation itself.
type exception struct {
	rule    Rule
	subject string // a file, or "folder.Name" of a function or variable, "folder.Type.Name" of a method
	why     string
}

var exceptions = []exception{
	{RulePanic, "internal/fakes.Transport.serve", "it stands in for net/http's server and lets a handler's panic go on"},
}
