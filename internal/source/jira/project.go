package jira

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hansei/internal/source"
	"hansei/internal/source/jira/site"
)

// listed are the projects, read whole each time. The cursor is how many came
// before, within a run.
func (j *puller) listed(p *source.Pull) error {
	j.authorize(p.Client)
	start := 0
	if p.Cursor != "" {
		var err error
		if start, err = strconv.Atoi(p.Cursor); err != nil {
			return fmt.Errorf("the place to go on from is unreadable: %w", err)
		}
	}
	for {
		some, last, err := j.site.Projects(p, start)
		if err != nil {
			return err
		}
		start += len(some)
		page := source.Page{Cursor: strconv.Itoa(start)}
		if last {
			page.Cursor, page.Through = "", p.Now
		}
		some = slices.DeleteFunc(some, j.unlisted)
		if page.Things = len(some); page.Things > 0 {
			if page.Body, err = json.Marshal(map[string]any{"projects": some}); err != nil {
				return err
			}
		}
		if err := p.Emit(page); err != nil || last {
			return err
		}
	}
}

// unlisted says whether a project is not one of those that are read.
func (j *puller) unlisted(raw json.RawMessage) bool {
	var x struct {
		Key string `json:"key"`
	}
	if json.Unmarshal(raw, &x) != nil || len(j.projects) == 0 {
		return false
	}
	return !slices.ContainsFunc(j.projects, func(key string) bool { return strings.EqualFold(key, x.Key) })
}

// more tries what history and projects need beside the search.
func (j *puller) more(p *source.Pull, issues []json.RawMessage) []source.Finding {
	_, err := j.site.Statuses(p)
	found := []source.Finding{tried(err, "the categories of statuses", "read:status:jira", "when work began and ended is told by few issues only")}
	_, _, err = j.site.Projects(p, 0)
	found = append(found, tried(err, "the list of projects", "read:project:jira", "projects have no names"))
	if !j.site.Cloud || len(issues) == 0 { // Data Center gives all of it with the search
		return found
	}
	err = j.site.History(p, issues[0])
	return append(found, tried(err, "the history of issues", "read:issue.changelog:jira", "the beginning of long histories is missing"))
}

func tried(err error, what, scope, without string) source.Finding {
	switch {
	case err == nil:
		return source.Finding{OK: true, Says: "The account may read " + what + "."}
	case site.Refused(err):
		return source.Finding{Says: fmt.Sprintf("The account may not read %s: %s. A token with scopes needs read:jira-work, or %s.", what, without, scope)}
	}
	return source.Finding{Says: what + ": " + source.Words(err)}
}
