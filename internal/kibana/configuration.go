package kibana

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Configuration reads the case configuration of one owner in one space; nil if
// there is none. owner "" takes the only configuration there is, none of several.
func (c *Client) Configuration(ctx context.Context, space, owner string) (*Configuration, error) {
	k := call{op: "read case configuration", method: http.MethodGet, space: space, path: []string{"cases", "configure"}, search: true}
	if owner != "" {
		k.query = url.Values{"owner": {owner}}
	}
	body, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	all, err := DecodeConfigurations(body)
	if err != nil {
		return nil, unreadable(k, err)
	}
	if owner == "" {
		if len(all) == 1 {
			return &all[0], nil
		}
		return nil, nil
	}
	for i := range all {
		// Before 7.14 there were no owners: what is there is for all.
		if all[i].Owner == owner || all[i].Owner == "" {
			return &all[i], nil
		}
	}
	return nil, nil
}

// DecodeConfigurations reads the answer of GET /api/cases/configure: a list, or
// the single object of versions before 7.14, which is {} when nothing is
// configured. Unknown keys are ignored.
func DecodeConfigurations(b []byte) ([]Configuration, error) {
	var all []*Configuration
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		err = json.Unmarshal(b, &all)
	} else {
		all = make([]*Configuration, 1)
		err = json.Unmarshal(b, &all[0])
	}
	if err != nil {
		return nil, fmt.Errorf("case configuration: %w", err)
	}
	var kept []Configuration
	for _, one := range all {
		if one != nil && (one.ClosureType != "" || one.Connector.ID != "") {
			kept = append(kept, *one)
		}
	}
	return kept, nil
}
