package fakeservicenow

import (
	"net/http"
	"strings"
	"time"
)

// view says how a request wants records to be written.
type view struct {
	base        string
	fields      []string // nil: all
	display     string   // sysparm_display_value: false, true, all
	excludeLink bool
	zone        *time.Location
}

func (f *Fake) view(r *http.Request) view {
	q := r.URL.Query()
	v := view{base: f.base(r), display: q.Get("sysparm_display_value"), excludeLink: q.Get("sysparm_exclude_reference_link") == "true", zone: f.opts.Zone}
	for name := range strings.SplitSeq(q.Get("sysparm_fields"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			v.fields = append(v.fields, name)
		}
	}
	return v
}

// render writes a row. A field that the table has not is left out.
func (v view) render(s schema, r row) map[string]any {
	names := v.fields
	if names == nil {
		for name := range s {
			names = append(names, name)
		}
	}
	out := map[string]any{}
	for _, name := range names {
		if c, ok := s[name]; ok {
			out[name] = v.field(c, r)
		}
	}
	return out
}

// field writes one field: text, or an object for what refers to another record
// or was asked for with all its values.
func (v view) field(c column, r row) any {
	value := r[c.name]
	if c.kind == kindJournal || c.name == "comments_and_work_notes" {
		value = "" // only the display value of a journal is ever read
	}
	link := ""
	if c.kind == kindReference && value != "" && !v.excludeLink {
		link = v.base + "/api/now/table/" + c.refers + "/" + value
	}
	switch {
	case v.display == "all":
		both := map[string]any{"display_value": v.displayed(c, r), "value": value}
		if link != "" {
			both["link"] = link
		}
		return both
	case v.display == "true" && link != "":
		return map[string]any{"display_value": v.displayed(c, r), "link": link}
	case v.display == "true":
		return v.displayed(c, r)
	case link != "":
		return map[string]any{"link": link, "value": value}
	default:
		return value
	}
}

// displayed is what people see: labels, times of their zone, journals as text.
func (v view) displayed(c column, r row) string {
	value := r[c.name]
	switch c.kind {
	case kindDateTime:
		if t, err := time.Parse(sysTime, value); err == nil {
			return t.In(v.zone).Format(sysTime)
		}
	case kindString, kindInteger:
		if label, ok := choiceLabel(r["sys_class_name"], c.name, value); ok {
			return label
		}
	}
	return value
}
