package mapping

import "strings"

// AlertTotalID is the id of the comment that tells how many alerts the case has.
func AlertTotalID(caseID string) string { return caseID + totalAlertsSuffix }

// BaseID is the id of the whole comment that a part ("<id>#2") belongs to.
func BaseID(id string) string {
	base, _, _ := strings.Cut(id, "#")
	return base
}
