package config

import (
	"encoding/json"
	"reflect"
	"time"
)

// delivery reads how connectors are delivered to. The adapters' own keys are
// judged by their types.
func (l *loader) delivery(cfg *Config) {
	section := l.root.value("delivery")
	if section == nil || section.kind == kindNull || section.bad || !l.wantMap(section) {
		return
	}
	connectors := l.root.value("connectors")
	for _, e := range section.entries {
		if e.value.kind == kindNull || !l.wantMap(e.value) {
			continue
		}
		cfg.Delivery[e.key] = l.deliveryOf(e.value)
		if connectors.get(e.key) == nil {
			var ids []string
			if connectors != nil {
				for _, c := range connectors.entries {
					ids = append(ids, c.key)
				}
			}
			l.warnKey(e, didYouMean(e.key, ids), "no connector of this file has the id: it applies if one of the store has")
		}
	}
}

// longestDelay bounds settle_time and find_delay: nobody waits longer for a search.
const longestDelay = day

func (l *loader) deliveryOf(n *node) Delivery {
	d := Delivery{Adapter: map[string]any{}}
	fields := fieldsOf(reflect.ValueOf(&d).Elem())
	for _, e := range n.entries {
		f := fieldOf(fields, e.key)
		if f == nil {
			d.Adapter[e.key] = l.plain(e.value)
			continue
		}
		l.decode(e.value, f.value, f.tag)
		if v, ok := f.value.Interface().(time.Duration); ok && v > longestDelay {
			l.fail(e.value, "", "want at most 24h")
		}
	}
	if v := n.value("max_in_flight"); v != nil && !v.bad && v.kind == kindInt && (d.MaxInFlight < 1 || d.MaxInFlight > 1024) {
		l.fail(v, "", "want a whole number from 1 to 1024")
	}
	d.forAdapter(n)
	return d
}

// forAdapter hands the common keys that an adapter's capabilities depend on to
// the adapter too. Only what is set: a zero may differ from the default.
func (d *Delivery) forAdapter(n *node) {
	given := func(key string) bool {
		v := n.value(key)
		return v != nil && v.kind != kindNull && !v.bad
	}
	if given("max_in_flight") {
		number, err := json.Marshal(d.MaxInFlight)
		if err == nil {
			d.Adapter["max_in_flight"] = json.Number(number)
		}
	}
	if given("settle_time") {
		d.Adapter["settle_time"] = d.SettleTime.String()
	}
	if given("find_delay") {
		d.Adapter["find_delay"] = d.FindDelay.String()
	}
}
