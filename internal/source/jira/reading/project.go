package reading

import (
	"hansei"
	"hansei/internal/source"
)

// projects tells of the projects of a page. Jira does not say since when one is
// there, nor when it changed: it is so when it was read. By its key it is the
// parent of what has none else.
func (s *Site) projects(body []byte) ([]hansei.Observation, error) {
	var p struct {
		Projects []struct {
			ID          string `json:"id"`
			Key         string `json:"key"`
			Name        string `json:"name"`
			Description string `json:"description"`
			Archived    bool   `json:"archived"`
			Lead        named  `json:"lead"`
		} `json:"projects"`
	}
	if err := source.Decode(body, &p); err != nil {
		return nil, hansei.Invalid("payload", "it is not a page of projects: %v", err)
	}
	var out []hansei.Observation
	for _, x := range p.Projects {
		if x.ID == "" || x.Key == "" {
			return nil, hansei.Invalid("project", "expected its id and key")
		}
		rec := &hansei.WorkItem{Title: x.Name, Description: x.Description, URL: s.browse(x.Key), Type: "project", Owner: hansei.ID(x.Lead.Display)}
		if x.Archived {
			rec.Status = "archived"
		}
		out = append(out, hansei.Observation{Key: hansei.Key{Kind: hansei.KindWorkItem, Source: s.Name, External: "project-" + x.ID}, Record: rec, Names: []string{x.Key}})
	}
	if len(out) == 0 {
		return nil, source.Unused("no projects")
	}
	return out, nil
}
