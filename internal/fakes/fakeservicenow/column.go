package fakeservicenow

import (
	"maps"
	"slices"
	"strings"

	"github.com/casepush/casepush/internal/fakes"
)

// Tables of the instance.
const (
	TableIncident         = "incident"
	TableSecurityIncident = "sn_si_incident"

	tableTask       = "task" // what both extend; it has no records of its own
	tableJournal    = "sys_journal_field"
	tableDictionary = "sys_dictionary"
	tableChoice     = "sys_choice"
)

// Types of columns, by ServiceNow's names.
const (
	kindString    = "string"
	kindInteger   = "integer"
	kindBoolean   = "boolean"
	kindDateTime  = "glide_date_time"
	kindReference = "reference"
	kindJournal   = "journal_input"
	kindList      = "glide_list"
	kindOther     = "other" // what nobody sets or asks for
)

// column is one field of a table, as sys_dictionary describes it.
type column struct {
	name, kind string
	table      string // where it is defined: task, or the table itself
	refers     string // the table that a reference leads to
	length     int    // in UTF-16 units
	readOnly   bool
}

// label is what people see.
func (c column) label() string {
	switch c.name {
	case "close_code":
		return "Resolution code"
	case "close_notes":
		return "Resolution notes"
	case "caller_id":
		return "Caller"
	case "comments":
		return "Additional comments"
	}
	words := strings.ReplaceAll(c.name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// schema is the columns of one table by name.
type schema map[string]column

// columns makes columns of one kind.
func columns(kind string, length int, names ...string) []column {
	out := make([]column, 0, len(names))
	for _, name := range names {
		out = append(out, column{name: name, kind: kind, length: length})
	}
	return out
}

// references makes references to one table.
func references(to string, names ...string) []column {
	out := columns(kindReference, 32, names...)
	for i := range out {
		out[i].refers = to
	}
	return out
}

// taskColumns are those that incidents of both tables have, as the answers of
// ServiceNow's documentation show them.
func taskColumns() []column {
	return defined(tableTask, slices.Concat(
		columns(kindString, 40, "approval", "upon_approval", "upon_reject", "contact_type"),
		columns(kindString, 100, "correlation_id", "correlation_display"),
		columns(kindString, 160, "short_description"),
		columns(kindString, 4000, "description", "close_notes", "approval_history", "time_worked", "user_input"),
		columns(kindInteger, 40, "state", "priority", "impact", "urgency", "escalation", "reassignment_count", "order"),
		columns(kindBoolean, 40, "active", "knowledge", "made_sla"),
		columns(kindDateTime, 40, "activity_due", "approval_set", "closed_at", "due_date", "expected_start", "follow_up", "opened_at", "sla_due", "work_end", "work_start"),
		columns(kindOther, 40, "business_duration", "calendar_duration", "sys_domain_path", "sys_tags", "comments_and_work_notes"),
		columns(kindJournal, 4000, "comments", "work_notes"),
		columns(kindList, 4000, "watch_list", "work_notes_list", "additional_assignee_list", "group_list"),
		references("sys_user", "opened_by", "closed_by", "assigned_to"),
		references("sys_user_group", "assignment_group", "sys_domain"),
		references("cmdb_ci", "cmdb_ci", "business_service"),
		references("core_company", "company"), references("cmn_location", "location"), references("task", "parent"),
		references("sc_cat_item_delivery_plan", "delivery_plan"), references("sc_cat_item_delivery_task", "delivery_task"),
		references("wf_activity", "wf_activity"), references("sc_cat_item_delivery_task", "rejection_goto"),
		systemColumns("number", "sys_class_name"),
	))
}

// systemColumns are those of every table, and more that nobody can set.
func systemColumns(more ...string) []column {
	out := slices.Concat(
		columns("GUID", 32, "sys_id"), columns(kindDateTime, 40, "sys_created_on", "sys_updated_on"),
		columns(kindString, 40, "sys_created_by", "sys_updated_by"), columns(kindInteger, 40, "sys_mod_count"),
		columns(kindString, 80, more...),
	)
	for i := range out {
		out[i].readOnly = true
	}
	return out
}

func incidentColumns() []column {
	return defined(TableIncident, slices.Concat(
		columns(kindString, 40, "category", "subcategory", "close_code"),
		columns(kindInteger, 40, "severity", "incident_state", "notify", "reopen_count", "child_incidents", "business_stc", "calendar_stc"),
		columns(kindDateTime, 40, "resolved_at"),
		references("sys_user", "caller_id", "resolved_by"),
		references("problem", "problem_id"), references("change_request", "rfc", "caused_by"), references(TableIncident, "parent_incident"),
	))
}

func securityColumns() []column {
	return defined(TableSecurityIncident, slices.Concat(
		columns(kindString, 40, "category", "subcategory", "close_code", "attack_vector"),
		columns(kindInteger, 40, "severity", "risk_score", "business_criticality"),
		columns(kindString, 4000, "dest_ip", "source_ip", "malware_hash", "malware_url"),
		references("sys_user", "caller", "affected_user", "caller_id"),
		references(TableSecurityIncident, "parent_security_incident"),
	))
}

func defined(table string, columns []column) []column {
	for i := range columns {
		columns[i].table = table
	}
	return columns
}

// schemas are the tables that the instance has, with the lengths of Options.
func schemas(o Options) map[string]schema {
	system := systemColumns()
	all := map[string][]column{
		tableTask:     taskColumns(),
		TableIncident: slices.Concat(taskColumns(), incidentColumns()),
		tableJournal: slices.Concat(columns("GUID", 32, "sys_id"), columns(kindDateTime, 40, "sys_created_on"),
			columns(kindString, 40, "sys_created_by", "sys_tags", "name", "element", "element_id"), columns(kindString, 4000, "value")),
		tableDictionary: slices.Concat(system, columns(kindString, 80, "name", "element", "column_label"), columns(kindInteger, 40, "max_length"),
			columns(kindBoolean, 40, "mandatory", "active", "array", "read_only"), references("sys_glide_object", "internal_type"), references("sys_db_object", "reference")),
		tableChoice: slices.Concat(system, columns(kindString, 80, "name", "element", "label", "value", "dependent_value", "language"),
			columns(kindInteger, 40, "sequence"), columns(kindBoolean, 40, "inactive")),
	}
	if !o.NoSecurityIncidents {
		all[TableSecurityIncident] = slices.Concat(taskColumns(), securityColumns())
	}
	out := map[string]schema{}
	for table, columns := range all {
		out[table] = schema{}
		for _, c := range columns {
			if n, ok := o.Lengths[c.name]; ok && c.table != "" {
				c.length = n
			}
			out[table][c.name] = c
		}
	}
	return out
}

// visible are the tables as users read them, without hidden columns.
func visible(all map[string]schema, hidden []string) map[string]schema {
	out := map[string]schema{}
	for table, columns := range all {
		out[table] = maps.Clone(columns)
		maps.DeleteFunc(out[table], func(name string, c column) bool { return c.table != "" && slices.Contains(hidden, name) })
	}
	return out
}

// cut shortens a text to the column's length, silently, as ServiceNow does. A
// character outside the basic plane is never halved.
func (c column) cut(text string) string {
	n := 0
	for i, r := range text {
		n += fakes.UTF16Len(string(r))
		if n > c.length {
			return text[:i]
		}
	}
	return text
}
