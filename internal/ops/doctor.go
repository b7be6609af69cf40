package ops

// Severity is how bad a finding is.
type Severity string

// Severities, from good to bad.
const (
	SeverityOK      Severity = "ok"      // as it should be
	SeverityAdvice  Severity = "advice"  // could be better, and promises hold
	SeverityWarning Severity = "warning" // a promise may not hold, or something will stop
	SeverityProblem Severity = "problem" // it does not work
)

func (s Severity) rank() int {
	switch s {
	case SeverityProblem:
		return 3
	case SeverityWarning:
		return 2
	case SeverityAdvice:
		return 1
	}
	return 0
}

// Finding is one thing that the doctor has to say.
type Finding struct {
	// Code names the kind of finding for good; its severity may differ by place.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Section  string   `json:"section"`
	Subject  string   `json:"subject,omitempty"` // what it is about: a stream, a server
	Text     string   `json:"text"`
	Fix      string   `json:"fix,omitempty"` // what to do, when something is to be done
}

// Worst is the worst severity of the findings; ok if there are none.
func Worst(findings []Finding) Severity {
	worst := SeverityOK
	for _, f := range findings {
		if f.Severity.rank() > worst.rank() {
			worst = f.Severity
		}
	}
	return worst
}

// chart collects the findings of one section.
type chart struct {
	section  string
	findings []Finding
}

func (c *chart) add(code string, severity Severity, subject, text, fix string) {
	c.findings = append(c.findings, Finding{Code: code, Severity: severity, Section: c.section, Subject: subject, Text: text, Fix: fix})
}

func (c *chart) ok(code, subject, text string) { c.add(code, SeverityOK, subject, text, "") }
