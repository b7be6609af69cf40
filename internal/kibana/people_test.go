package kibana_test

import (
	"testing"

	"github.com/casepush/casepush/internal/kibana"
)

func TestUserName(t *testing.T) {
	for _, tt := range []struct {
		user *kibana.User
		want string
	}{
		{nil, "Unknown"},
		{&kibana.User{}, "Unknown"},
		{&kibana.User{Email: "m@hms.example", ProfileUID: "u_1"}, "Unknown"},
		{&kibana.User{Username: "moneypenny"}, "moneypenny"},
		{&kibana.User{Username: "moneypenny", FullName: "Ms Moneypenny"}, "Ms Moneypenny"},
	} {
		if got := tt.user.Name(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.user, got, tt.want)
		}
	}
}

func TestLastUser(t *testing.T) {
	m, q, nameless := &kibana.User{Username: "m"}, &kibana.User{Username: "q"}, &kibana.User{}
	for _, tt := range []struct {
		name             string
		updated, created *kibana.User
		own              string
		want             *kibana.User
	}{
		{"updated by somebody", m, q, "", m},
		{"never updated", nil, q, "", q},
		{"updated by us", m, q, "m", q},
		{"updated by somebody else", m, q, "us", m},
		{"nobody known", nil, nil, "m", nil},
		{"created by us too", m, m, "m", nil},
		{"created by us, never updated", nil, m, "m", nil},
		{"created by us, updated by somebody", q, m, "m", q},
		{"no name does not fall through", nameless, q, "", nameless},
	} {
		if got := kibana.LastUser(tt.updated, tt.created, tt.own); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
