package mapping

import (
	"testing"

	"github.com/casepush/casepush/internal/connector"
	"github.com/casepush/casepush/internal/kibana"
)

// Whoever adopts comments knows them by these ids.
func TestIDsOfParts(t *testing.T) {
	out, err := Render(Input{
		Case: &kibana.Case{ID: "c-1", TotalAlerts: 2, Comments: []kibana.Comment{{ID: "k-1", Type: "user", Text: "01234567890123456789"}}},
		Type: types()[".cases-webhook"], Limits: map[string]connector.Limit{commentLimit: {Max: 30}},
	})
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]int{}
	for _, c := range out.Comments {
		whole[BaseID(c.ID)]++
	}
	if len(whole) != 2 || whole["k-1"] != 2 || whole[AlertTotalID("c-1")] != 2 {
		t.Errorf("parts by id: %v, of %+v", whole, out.Comments)
	}
}
