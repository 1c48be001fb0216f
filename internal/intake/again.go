package intake

import (
	"encoding/json"

	"hansei/internal/record"
)

// toldBefore says whether a delivery was understood before and told of anything
// then. What failed or was of no use put nothing anywhere that it could correct:
// what it tells now competes as if it had just arrived.
func toldBefore(d record.Delivery) bool {
	if d.Seq == 0 {
		return false
	}
	var sum Touched
	return json.Unmarshal([]byte(d.Summary), &sum) != nil || len(sum.Records) > 0
}
