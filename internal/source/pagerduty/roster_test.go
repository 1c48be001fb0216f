package pagerduty

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestNormalizeReadsTheRoster(t *testing.T) {
	level := 2.0
	pd, _ := account(t, &api{})
	for _, c := range []struct {
		file string
		want hansei.Observation
	}{
		{"pull_teams.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindTeam, External: "PQ9K7I8"}, Record: &hansei.Team{Name: "Engineering"},
			Names: []string{"https://subdomain.pagerduty.com/teams/PQ9K7I8", "https://api.pagerduty.com/teams/PQ9K7I8"}}},
		{"pull_users.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindPerson, External: "PXPGF42"}, Record: &hansei.Person{Name: "Earline Greenholt", Email: "125.greenholt.earline@graham.name", Zone: "America/Lima", Team: "Engineering"},
			Names: []string{"https://subdomain.pagerduty.com/users/PXPGF42", "https://api.pagerduty.com/users/PXPGF42"}}},
		{"pull_oncalls.json", hansei.Observation{
			Key: hansei.Key{Kind: hansei.KindShift, External: "PT20YPA:2:PI7DH85:PT23IWX:1425673731"},
			Record: &hansei.Shift{Person: "Tim Wright", Schedule: "Daily Engineering Rotation", Level: &level, Began: at("2015-03-06T20:28:51Z"), Ended: at("2015-03-07T20:28:51Z"),
				URL: "https://subdomain.pagerduty.com/schedules/PI7DH85"}}},
	} {
		body, err := os.ReadFile("testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		name := "pull/" + strings.TrimSuffix(strings.TrimPrefix(c.file, "pull_"), ".json")
		got, err := pd.Normalize(source.Delivery{Name: name, Body: body})
		if err != nil || len(got) == 0 {
			t.Errorf("%s: %d, %v", c.file, len(got), err)
			continue
		}
		c.want.Key.Source, c.want.Line = "pd", 1
		if d := cmp.Diff(c.want, got[0]); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, d)
		}
	}
}

func TestNormalizeRefusesARosterItCannotRead(t *testing.T) {
	pd, _ := account(t, &api{})
	for body, want := range map[string]string{
		`[]`:                          "not a list",
		`{"teams":[{"name":"Core"}]}`: "without an id",
		`{"oncalls":[{"user":{"id":"U"},"start":null,"end":null}]}`: "not used",
	} {
		if got, err := pd.Normalize(source.Delivery{Name: "pull/teams", Body: []byte(body)}); err == nil || got != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", body, got, err)
		}
	}
	if _, err := pd.Normalize(source.Delivery{Name: "incident.triggered", Body: []byte(`{`)}); err == nil {
		t.Error("half an event was taken")
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add([]byte(`{"teams":[{"id":"T"}],"users":[{"id":"U"}],"oncalls":[{"start":"2026-01-01T00:00:00Z","end":"2026-01-02T00:00:00Z"}]}`))
	pd, _ := account(f, &api{})
	f.Fuzz(func(t *testing.T, body []byte) {
		a, erra := pd.Normalize(source.Delivery{Name: "pull/users", Body: body})
		b, errb := pd.Normalize(source.Delivery{Name: "pull/users", Body: body})
		if d := cmp.Diff(a, b); d != "" || (erra == nil) != (errb == nil) {
			t.Errorf("%v, %v\n%s", erra, errb, d)
		}
	})
}
