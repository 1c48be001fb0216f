package document

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
)

// headings are what people call the parts of a postmortem.
var headings = []struct {
	section string
	words   *regexp.Regexp
}{
	{"follow-ups", regexp.MustCompile(`(?i)action items?|follow[- ]?ups?|next steps|remediation|corrective|preventi(on|ve) (actions?|measures)|improvements|what (we are|we're) doing`)},
	{"timeline", regexp.MustCompile(`(?i)timeline|chronology|sequence of events`)},
	{"summary", regexp.MustCompile(`(?i)^(executive )?(summary|overview|abstract|tl;?dr|synopsis)`)},
	{"impact", regexp.MustCompile(`(?i)impact|affected|scope`)},
	{"factors", regexp.MustCompile(`(?i)root cause|causes?\b|contributing|why (it|did|this)|analysis`)},
	{"well", regexp.MustCompile(`(?i)what went well|went right|lucky|luck\b`)},
	{"surprises", regexp.MustCompile(`(?i)surpris`)},
	{"lessons", regexp.MustCompile(`(?i)lessons?|learn(ed|ings?)|takeaways|what went (wrong|poorly|badly)`)},
	{"response", regexp.MustCompile(`(?i)detection|response|resolution|recovery|mitigation|fix\b`)},
	{"what-happened", regexp.MustCompile(`(?i)what happened|incident|background|details|description|narrative`)},
}

// derived are written by Markdown itself and understood from elsewhere.
var derived = []string{shortTitle, evidenceTitle}

const (
	shortTitle    = "In short"
	evidenceTitle = "Evidence of the contributing factors"
	timelineTitle = "Timeline"
)

// sections puts the parts of a document where the template has a place for
// them; what has no place keeps its own heading.
func (x *reader) sections(r *hansei.Retrospective, parts []part) {
	r.Sections = slices.Clone(x.rules.Sections)
	put := func(id, title, text string) {
		text = strings.TrimSpace(text)
		if text == "" {
			return
		}
		s := r.Section(id)
		if s == nil {
			r.Sections = append(r.Sections, hansei.Section{ID: id, Title: title})
			s = &r.Sections[len(r.Sections)-1]
		}
		if s.Text != "" {
			text = s.Text + "\n\n" + text
		}
		s.Text = Cut(text, hansei.MaxSection-10)
	}
	r.Title = Cut(r.Title, 300)
	put("summary", "Summary", x.text("summary", "description", "tldr"))
	for _, p := range parts {
		if slices.Contains(derived, p.title) {
			continue
		}
		id, known := place(p.title, x.rules.Sections)
		switch {
		case p.title == "":
			put("what-happened", "What happened", p.text)
		case id == "timeline":
			if len(moments([]part{p}, x.found.Began)) == 0 {
				put("timeline-text", p.title, p.text)
			}
		case id == "follow-ups":
			if !x.followUps(p.text) {
				put(string(hansei.Slug(p.title)), p.title, p.text)
			}
		case known:
			put(id, p.title, p.text)
		default:
			put(string(hansei.Slug(p.title)), p.title, p.text)
		}
	}
	x.bullets(r)
}

// place finds the section for a heading: by its title in the template, else by
// what people call such a part.
func place(title string, sections []hansei.Section) (id string, known bool) {
	for _, s := range sections {
		if strings.EqualFold(s.Title, title) {
			return s.ID, true
		}
	}
	for _, h := range headings {
		if h.words.MatchString(title) {
			return h.section, slices.ContainsFunc(sections, func(s hansei.Section) bool { return s.ID == h.section })
		}
	}
	return "", false
}

var bullet = regexp.MustCompile(`^\s*(?:[-*+•]|\d+[.)])\s+(?:(\\?\[[ xX]\\?\]|[☐☑])\s*)?(.+)$`)

// items are the entries of the lists in a text.
func items(text string) (out []string, done []bool) {
	for _, line := range strings.Split(text, "\n") {
		if m := bullet.FindStringSubmatch(line); m != nil {
			out, done = append(out, plainText(m[2])), append(done, strings.ContainsAny(m[1], "xX☑"))
		}
	}
	return out, done
}

var afterwards = regexp.MustCompile(`\s*\((due|declined:?) [^)]*\)$`)

// maxFollowUps is how many a document has at most.
const maxFollowUps = 200

// followUps makes follow-ups of a list.
func (x *reader) followUps(text string) bool {
	defer func() { x.found.FollowUps = x.found.FollowUps[:min(len(x.found.FollowUps), maxFollowUps)] }()
	if x.tableFollowUps(text) {
		return true
	}
	list, done := items(text)
	for i, title := range list {
		f := hansei.FollowUp{Title: Cut(afterwards.ReplaceAllString(title, ""), 300), Status: hansei.FollowUpOpen}
		if done[i] {
			f.Status = hansei.FollowUpDone
		}
		x.found.FollowUps = append(x.found.FollowUps, f)
	}
	return len(list) > 0
}

// bullets makes metadata of lists that stand under their headings.
func (x *reader) bullets(r *hansei.Retrospective) {
	lesson := r.Section("lessons")
	if len(r.Lessons) == 0 && lesson != nil {
		r.Lessons, _ = items(lesson.Text)
	}
	if s := r.Section("well"); len(r.WentWell) == 0 && s != nil {
		r.WentWell, _ = items(s.Text)
	}
	for _, list := range []*[]string{&r.Lessons, &r.WentWell} {
		*list = (*list)[:min(len(*list), 30)]
	}
}

var moment = regexp.MustCompile(`^\s*(?:[-*+•|]\s*)?\**\s*((?:\d{4}-\d{2}-\d{2}[ T])?\d{1,2}:\d{2}(?::\d{2})?)\s*(am|pm|AM|PM)?\**\s*(?:\(?(UTC|GMT|Z)\)?)?\s*\**\s*[|:–—-]*\s*(.+?)\s*\|?\s*$`)

// day is a heading of a timeline that names a date.
var dayLine = regexp.MustCompile(`(\d{4}-\d{2}-\d{2})`)

// moments reads a timeline: lines that begin with a time. A time without a date
// is of the day that was named last, or on which the incident began; one that
// goes back by half a day or more is of the next.
func moments(parts []part, began time.Time) []hansei.Moment {
	var out []hansei.Moment
	for _, p := range parts {
		if id, _ := place(p.title, nil); id != "timeline" {
			continue
		}
		day := began.UTC().Truncate(24 * time.Hour)
		var last time.Time
		for _, line := range strings.Split(p.text, "\n") {
			m := moment.FindStringSubmatch(line)
			if m == nil {
				if d := dayLine.FindString(line); d != "" {
					if t, err := time.Parse(time.DateOnly, d); err == nil {
						day, last = t, time.Time{}
					}
				}
				continue
			}
			at, ok := momentAt(m[1], m[2], day)
			if !ok || at.Year() < 1990 {
				continue
			}
			if !last.IsZero() && last.Sub(at) > 12*time.Hour {
				at, day = at.AddDate(0, 0, 1), day.AddDate(0, 0, 1)
			}
			last = at
			out = append(out, hansei.Moment{ID: fmt.Sprintf("text:%d", len(out)+1), At: at, What: "note", Text: Cut(plainText(m[4]), 1000)})
		}
	}
	slices.SortStableFunc(out, func(a, b hansei.Moment) int { return a.At.Compare(b.At) })
	return out[:min(len(out), hansei.MaxTimeline)]
}

func momentAt(text, half string, day time.Time) (time.Time, bool) {
	if len(text) > 10 && text[4] == '-' {
		d, err := time.Parse(time.DateOnly, text[:10])
		if err != nil {
			return time.Time{}, false
		}
		day, text = d, text[11:]
	}
	layout := "15:04"
	if strings.Count(text, ":") == 2 {
		layout = "15:04:05"
	}
	if half != "" {
		layout, text = strings.Replace(layout, "15", "3", 1)+"pm", text+strings.ToLower(half)
	}
	t, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}, false
	}
	return day.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second), true
}
