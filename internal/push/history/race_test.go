//go:build race

package history

// raceEnabled: the race detector makes a history ten times slower.
const raceEnabled = true
