package git

import (
	"encoding/json"
	"regexp"
	"strings"

	"hansei"
	"hansei/internal/source"
)

// Normalize makes changes of commits and deployments of tags.
func (r *repository) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	switch d.Name {
	case "pull/commits":
		var list []Commit
		if err := json.Unmarshal(d.Body, &list); err != nil {
			return nil, hansei.Invalid("payload", "it is not a list of commits")
		}
		out := make([]hansei.Observation, len(list))
		for i, c := range list {
			if len(c.Hash) < 40 || c.At.IsZero() {
				return nil, hansei.Invalid("commits", "expected the commit's hash and time")
			}
			out[i] = r.commit(c)
		}
		return out, nil
	case "pull/tags":
		var list []Tag
		if err := json.Unmarshal(d.Body, &list); err != nil {
			return nil, hansei.Invalid("payload", "it is not a list of tags")
		}
		out := make([]hansei.Observation, len(list))
		for i, t := range list {
			if t.Name == "" || t.At.IsZero() {
				return nil, hansei.Invalid("tags", "expected the tag's name and time")
			}
			out[i] = hansei.Observation{Key: hansei.Key{Kind: hansei.KindDeployment, Source: r.name, External: "tag-" + t.Name}, At: t.At,
				Record: &hansei.Deployment{Title: t.Name, Service: hansei.ID(r.service), Environment: hansei.Production, Result: hansei.ResultSuccess,
					Finished: t.At, Commit: t.Commit, Ref: t.Name, Author: hansei.ID(t.By)}}
		}
		return out, nil
	}
	return nil, source.Unused("%s", d.Name)
}

var (
	reverts = regexp.MustCompile(`(?i)this reverts commit ([0-9a-f]{40})`)
	// trailer matches lines such as "Fixes: OPS-12" at the end of a message.
	trailer = regexp.MustCompile(`(?im)^(fixes|fixed|closes|resolves|refs?|related|incident|reverts?|issue|bug|jira)\s*:\s*(\S.*)$`)
	kinds   = regexp.MustCompile(`^(\w+)(?:\([^)]*\))?!?:`)
)

func (r *repository) commit(c Commit) hansei.Observation {
	title, _, _ := strings.Cut(c.Message, "\n")
	rec := &hansei.Change{Title: title, Type: "commit", Services: []hansei.ID{hansei.ID(r.service)}, Author: hansei.ID(c.Author), Commit: c.Hash, At: c.At, WorkType: workType(title)}
	o := hansei.Observation{Key: hansei.Key{Kind: hansei.KindChange, Source: r.name, External: c.Hash}, Record: rec, At: c.At}
	for _, m := range reverts.FindAllStringSubmatch(c.Message, 20) {
		o.Mentions = append(o.Mentions, strings.ToLower(m[1]))
	}
	for _, m := range trailer.FindAllStringSubmatch(c.Message, 20) {
		for word := range strings.FieldsFuncSeq(m[2], func(r rune) bool { return r == ' ' || r == ',' }) {
			if strings.ContainsAny(word, "-#/") || len(word) == 40 {
				o.Mentions = append(o.Mentions, word)
			}
		}
	}
	return o
}

func workType(title string) string {
	if strings.HasPrefix(title, "Revert ") {
		return "rework"
	}
	m := kinds.FindStringSubmatch(title)
	if m == nil {
		return ""
	}
	switch strings.ToLower(m[1]) {
	case "fix", "bugfix", "hotfix":
		return "fix"
	case "feat", "feature":
		return "feature"
	case "revert":
		return "rework"
	case "chore", "docs", "refactor", "test", "ci", "build", "style", "perf":
		return "chore"
	}
	return ""
}
