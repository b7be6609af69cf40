package fakes

import (
	"net/http"
	"testing"
)

func TestJournalBoundsBodies(t *testing.T) {
	journal := NewJournal(0)
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://fake/", nil)
	if err != nil {
		t.Fatal(err)
	}
	big := make([]byte, maxJournalBytes/2)
	for range 4 {
		journal.end(journal.begin(req, big), outcome{status: 200})
	}
	if n := len(journal.Requests()); n != 2 {
		t.Errorf("%d requests kept, want 2", n)
	}
}
