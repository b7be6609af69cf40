package main

import "strings"

// cutFlag splits a flag's name=value.
func cutFlag(flag string) (name, value string, err error) {
	name, value, ok := strings.Cut(flag, "=")
	if !ok || name == "" || value == "" {
		return "", "", usage("%q: want name=value", flag)
	}
	return name, value, nil
}
