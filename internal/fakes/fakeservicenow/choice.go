package fakeservicenow

import (
	"maps"
	"slices"
	"strconv"
)

// choice is one value that a field may have, with the label that people see.
type choice struct{ table, element, value, label, dependent string }

// choices are some of those that a fresh instance has.
func choices() []choice {
	levels := func(table, element string) []choice {
		return []choice{{table, element, "1", "1 - High", ""}, {table, element, "2", "2 - Medium", ""}, {table, element, "3", "3 - Low", ""}}
	}
	of := func(table, element, dependent string, pairs ...string) []choice {
		var out []choice
		for i := 0; i+1 < len(pairs); i += 2 {
			out = append(out, choice{table, element, pairs[i], pairs[i+1], dependent})
		}
		return out
	}
	return slices.Concat(
		levels(tableTask, "impact"), levels(tableTask, "urgency"), levels(TableIncident, "severity"), levels(TableSecurityIncident, "severity"),
		of(tableTask, "priority", "", "1", "1 - Critical", "2", "2 - High", "3", "3 - Moderate", "4", "4 - Low", "5", "5 - Planning"),
		of(TableIncident, "state", "", "1", "New", "2", "In Progress", "3", "On Hold", "6", "Resolved", "7", "Closed", "8", "Canceled"),
		of(TableIncident, "category", "", "inquiry", "Inquiry / Help", "software", "Software", "hardware", "Hardware", "network", "Network", "database", "Database"),
		of(TableIncident, "subcategory", "software", "os", "Operating System", "email", "Email"),
		of(TableIncident, "subcategory", "network", "dns", "DNS", "vpn", "VPN", "ip address", "IP Address"),
		of(TableIncident, "close_code", "", "Solved (Permanently)", "Solved (Permanently)", "Closed/Resolved by Caller", "Closed/Resolved by Caller", "Duplicate", "Duplicate"),
		of(TableSecurityIncident, "state", "", "10", "Draft", "16", "Analysis", "18", "Contain", "19", "Eradicate", "20", "Recover", "100", "Review", "3", "Closed", "7", "Cancelled"),
		of(TableSecurityIncident, "category", "", "Malicious code activity", "Malicious code activity", "Denial of Service", "Denial of Service", "Phishing", "Phishing"),
		of(TableSecurityIncident, "subcategory", "Denial of Service", "12", "Inbound or outbound", "26", "Single or distributed (DoS or DDoS)"),
		of(TableSecurityIncident, "close_code", "", "Duplicate", "Duplicate", "False positive", "False positive", "Threat mitigated", "Threat mitigated"),
	)
}

// choiceRows are the rows of sys_choice.
func choiceRows() []row {
	var out []row
	for i, c := range choices() {
		out = append(out, row{
			"sys_id": stableID("choice" + c.table + c.element + c.dependent + c.value), "name": c.table, "element": c.element, "value": c.value, "label": c.label,
			"dependent_value": c.dependent, "language": "en", "inactive": "false", "sequence": strconv.Itoa(i),
		})
	}
	return out
}

// choiceLabel is the label of a value of a field.
func choiceLabel(table, element, value string) (string, bool) {
	if element == "incident_state" {
		element = "state"
	}
	for _, c := range choices() {
		if (c.table == table || c.table == tableTask) && c.element == element && c.value == value {
			return c.label, true
		}
	}
	return "", false
}

// dictionaryRows are the rows of sys_dictionary: each column once, under the
// table that defines it.
func (f *Fake) dictionaryRows() []row {
	seen, out := map[[2]string]bool{}, []row{}
	for _, table := range slices.Sorted(maps.Keys(f.schemas)) {
		for _, c := range f.schemas[table] {
			if c.table == "" || seen[[2]string{c.table, c.name}] {
				continue
			}
			seen[[2]string{c.table, c.name}] = true
			mandatory := slices.Contains(f.opts.Mandatory, c.name) || c.name == "short_description"
			out = append(out, row{
				"sys_id": stableID("dictionary" + c.table + c.name), "name": c.table, "element": c.name, "column_label": c.label(),
				"internal_type": c.kind, "max_length": strconv.Itoa(c.length), "mandatory": strconv.FormatBool(mandatory),
				"reference": c.refers, "read_only": strconv.FormatBool(c.readOnly), "active": "true", "array": "false",
			})
		}
	}
	return out
}
