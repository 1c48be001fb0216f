package document

import (
	"regexp"
	"slices"
	"strings"

	"hansei"
)

// tablesIn are the tables of a text, each as its rows of cells, without the
// line under the head. An empty head is left out.
func tablesIn(text string) (out [][][]string) {
	var now [][]string
	for line := range strings.Lines(text + "\n\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
			if len(now) > 0 {
				out = append(out, now)
			}
			now = nil
			continue
		}
		cells := strings.Split(strings.ReplaceAll(line[1:len(line)-1], `\|`, "\x00"), "|")
		rule, empty := true, true
		for i := range cells {
			cells[i] = strings.TrimSpace(strings.ReplaceAll(cells[i], "\x00", "|"))
			rule = rule && strings.Trim(cells[i], ":-") == "" && cells[i] != ""
			empty = empty && cells[i] == ""
		}
		if !rule && !empty {
			now = append(now, cells)
		}
	}
	return out
}

// named are fields that a table of two columns may tell, by what people call
// them in it.
var named = map[string]string{
	"severity": "severity", "sev": "severity", "priority": "severity", "incident severity": "severity", "severity level": "severity",
	"service": "services", "services": "services", "affected services": "services", "impacted services": "services", "services affected": "services", "systems": "services", "affected systems": "services", "component": "services", "components": "services", "product": "services",
	"date": "date", "incident date": "date", "date of incident": "date", "start": "start_time", "started": "start_time", "start time": "start_time", "started at": "start_time", "began": "start_time", "impact start": "start_time", "incident start": "start_time",
	"end": "end_time", "ended": "end_time", "end time": "end_time", "resolved": "end_time", "resolved at": "end_time", "impact end": "end_time", "incident end": "end_time",
	"summary": "summary", "executive summary": "summary", "description": "summary",
	"detection": "detection", "detected by": "detection", "detection method": "detection", "how detected": "detection",
	"trigger": "trigger", "mitigation": "mitigation", "resolution": "mitigation", "fix": "mitigation",
	"contributing factors": "factors", "factors": "factors", "root cause": "factors", "root causes": "factors", "causes": "factors",
	"customers affected": "customers_affected", "users affected": "customers_affected", "affected users": "customers_affected", "affected customers": "customers_affected",
	"functionality": "functionality", "lessons": "lessons", "lessons learned": "lessons", "link": "url", "url": "url", "title": "title",
	"went well": "went_well", "lucky": "lucky", "surprises": "surprises", "knowledge gaps": "knowledge_gaps",
}

// several are fields whose cell may hold more than one value.
var several = []string{"services", "factors", "functionality"}

var lineBreak = regexp.MustCompile(`(?i)\s*<br ?/?>\s*`)

// tableFields reads fields out of a table of two columns at the head of a
// document or under "In short": what people of Confluence call page properties.
// What stood in front already is not overwritten.
func (x *reader) tableFields(parts []part) {
	for i, p := range parts {
		if i > 0 && p.title != shortTitle && !propertiesTitle.MatchString(p.title) {
			continue
		}
		for _, table := range tablesIn(p.text) {
			for _, row := range table {
				if len(row) != 2 {
					break
				}
				name, ok := named[strings.ToLower(strings.TrimRight(plainText(row[0]), " :"))]
				if _, have := x.meta[name]; !ok || have || row[1] == "" {
					continue
				}
				values := lineBreak.Split(row[1], -1)
				if len(values) == 1 && slices.Contains(several, name) {
					values = regexp.MustCompile(`\s*[,;]\s+`).Split(row[1], -1)
				}
				list := make([]any, 0, len(values))
				for _, v := range values {
					if v = strings.TrimLeft(plainText(v), "-• "); v != "" {
						list = append(list, v)
					}
				}
				if len(list) == 1 {
					x.meta[name] = list[0]
				} else if len(list) > 1 {
					x.meta[name] = list
				}
			}
		}
	}
}

var propertiesTitle = regexp.MustCompile(`(?i)^(page properties|details|metadata|incident (details|information|overview)|at a glance|overview)$`)

var (
	actionHead = regexp.MustCompile(`(?i)^(action( item)?s?|follow[- ]?ups?|items?|tasks?|what|description|title)$`)
	statusHead = regexp.MustCompile(`(?i)^(status|state|done\??)$`)
	doneWord   = regexp.MustCompile(`(?i)^(done|complete[d]?|closed|resolved|fixed|yes|☑|✅)\b?`)
)

// tableFollowUps makes follow-ups of a table that has a column for them.
func (x *reader) tableFollowUps(text string) bool {
	before := len(x.found.FollowUps)
	for _, t := range tablesIn(text) {
		action := slices.IndexFunc(t[0], func(h string) bool { return actionHead.MatchString(plainText(h)) })
		state := slices.IndexFunc(t[0], func(h string) bool { return statusHead.MatchString(plainText(h)) })
		if action < 0 {
			continue
		}
		for _, row := range t[1:] {
			if action >= len(row) || plainText(row[action]) == "" {
				continue
			}
			f := hansei.FollowUp{Title: Cut(plainText(row[action]), 300), Status: hansei.FollowUpOpen}
			if state >= 0 && state < len(row) {
				switch word := plainText(row[state]); {
				case hansei.Declines(word):
					f.Status, f.Reason = hansei.FollowUpDeclined, word
				case doneWord.MatchString(word):
					f.Status = hansei.FollowUpDone
				}
			}
			x.found.FollowUps = append(x.found.FollowUps, f)
		}
	}
	return len(x.found.FollowUps) > before
}
