package record_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
)

func TestCodec(t *testing.T) {
	at := time.Date(2025, 3, 4, 5, 6, 7, 890_000_000, time.UTC)
	none, no := 0.0, false
	for _, rec := range []hansei.Record{
		&hansei.Incident{Header: hansei.Header{ID: "a", Custom: map[string]string{"z": "1", "a": "2", "m": "<>&"}}, Customers: &none,
			Milestones: hansei.Milestones{{Role: hansei.RoleBegan, At: at}}},
		&hansei.Deployment{Header: hansei.Header{ID: "d"}, Finished: at, Failed: &no},
		&hansei.Team{Header: hansei.Header{ID: "t", Deleted: true}, Name: "Zahlung \u2028 決済"},
		&hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}},
	} {
		doc, err := record.Encode(rec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := record.DecodeDoc(rec.Kind(), doc)
		if err != nil || !reflect.DeepEqual(got, rec) {
			t.Errorf("%s: got %+v, %v; want %+v", doc, got, err, rec)
		}
		if again, err := record.Encode(got); err != nil || string(again) != string(doc) {
			t.Errorf("encoded again: got %s, %v; want %s", again, err, doc)
		}
		// A newer version may have written members that this one does not know.
		newer := strings.Replace(string(doc), "{", `{"from_the_future":[{"a":1}],`, 1)
		if got, err := record.DecodeDoc(rec.Kind(), []byte(newer)); err != nil || !reflect.DeepEqual(got, rec) {
			t.Errorf("%s: got %+v, %v; want %+v", newer, got, err, rec)
		}
	}
	// What is not known leaves no trace: no zero time, no null.
	doc, err := record.Encode(&hansei.Deployment{Header: hansei.Header{ID: "d"}, Finished: at})
	if want := `{"id":"d","finished_at":"2025-03-04T05:06:07.89Z"}`; err != nil || string(doc) != want {
		t.Errorf("got %s, %v; want %s", doc, err, want)
	}
}
