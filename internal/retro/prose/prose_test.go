package prose

import (
	"slices"
	"strings"
	"testing"

	"hansei"
)

var known = Resolved{
	Person: func(id hansei.ID) (Link, bool) {
		return Link{Text: "Ann <Lee>", URL: "/records/person/" + string(id)}, id == "ann-lee"
	},
	Incident: func(id hansei.ID) (Link, bool) {
		return Link{Text: "Checkout was slow", URL: "/incidents/" + string(id)}, strings.HasPrefix(string(id), "pager:")
	},
	Moment: func(id string) (Link, bool) {
		return Link{Text: "10:05", URL: "#moment", Help: `It "rang"`}, id == "alert:pager:Q1"
	},
	Block: func(d string) string { return "<figure>" + d + "</figure>" },
	Image: func(h string) string { return "/images/" + h },
}

func TestHTML(t *testing.T) {
	picture := strings.Repeat("ab", 32)
	for in, want := range map[string]string{
		"Asked @ann-lee.":                        `<p>Asked <a class="hs-ref hs-ref-person" href="/records/person/ann-lee" title="" rel="nofollow">@Ann &lt;Lee&gt;</a>.</p>`,
		"ann@ann-lee.com and @bob":               `<p><a href="mailto:ann@ann-lee.com" rel="nofollow">ann@ann-lee.com</a> and @bob</p>`,
		"Like #pager:PX1, and #1":                `<p>Like <a class="hs-ref" href="/incidents/pager:PX1" title="" rel="nofollow">Checkout was slow</a>, and #1</p>`,
		"It rang [^alert:pager:Q1].":             `<p>It rang <a class="hs-cite" href="#moment" title="It &#34;rang&#34;" rel="nofollow">10:05</a>.</p>`,
		"Nothing [^there].":                      `<p>Nothing [^there].</p>`,
		"# Title":                                `<h1>Title</h1>`,
		"a [link](https://example.org)":          `<p>a <a href="https://example.org" rel="nofollow">link</a></p>`,
		"`@ann-lee`":                             `<p><code>@ann-lee</code></p>`,
		"```hansei figure x a=b\n```":            `<figure>figure x a=b</figure>`,
		"```hansei\nfigure x\nchart y\n```\nend": "<figure>figure x</figure>\n<figure>chart y</figure>\n<p>end</p>",
		"```go\nx := \"<b>\"\n```":               "<pre><code>x := &#34;&lt;b&gt;&#34;\n</code></pre>",
		"![it](image:" + picture + ")":           `<p><img src="/images/` + picture + `" alt="it" loading="lazy"></p>`,
		"![it](image:../../etc)":                 `<p>it</p>`,
		"![it](https://spy.example/x.png)":       `<p><a href="https://spy.example/x.png" rel="nofollow">it</a></p>`,
		"<script>alert(1)</script>hello":         `<p>&lt;script&gt;alert(1)&lt;/script&gt;hello</p>`,
		"<img src=x onerror=alert(1)>":           `<p>&lt;img src=x onerror=alert(1)&gt;</p>`,
		"[x](javascript:alert(1))":               `<p>x</p>`,
		"![x](javascript:alert(1))":              `<p>x</p>`,
		"<a href=\"javascript:alert(1)\">x</a>":  `<p>&lt;a href=&#34;javascript:alert(1)&#34;&gt;x&lt;/a&gt;</p>`,
		"<p>AAAA-0-</p></div>":                   `<p>&lt;p&gt;AAAA-0-&lt;/p&gt;&lt;/div&gt;</p>`,
		"- [x] done":                             "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> done</li>\n</ul>",
		"\"@ann-lee\" said":                      `<p>&#34;<a class="hs-ref hs-ref-person" href="/records/person/ann-lee" title="" rel="nofollow">@Ann &lt;Lee&gt;</a>&#34; said</p>`,
		"<style>x</style><b>b</b>ad":             `<p>&lt;style&gt;x&lt;/style&gt;&lt;b&gt;b&lt;/b&gt;ad</p>`,
	} {
		got, err := Parse(in).HTML(known)
		if err != nil {
			t.Fatal(err)
		}
		if got = strings.TrimSpace(got); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", in, got, want)
		}
	}
}

func TestMarked(t *testing.T) {
	in := "It was late. **Ann forgot** the *flag* again.\nAnd then."
	r := Resolved{Marked: []Passage{{Text: "**Ann forgot** the *flag* again.", Class: "blame", Help: "why"}}}
	got, err := Parse(in).HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	m := `<mark class="hs-mark hs-mark-blame" title="why">`
	want := `<p>It was late. <strong>` + m + `Ann forgot</mark></strong>` + m + ` the </mark><em>` + m + `flag</mark></em>` + m + " again.</mark>\nAnd then.</p>\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRefsAndPlain(t *testing.T) {
	in := "By @ann-lee in #pager:PX1, see [^alert:pager:Q1].\n\n```hansei figure x\n```\n\nEnd @nobody.\n"
	var r Refs
	Parse(in).Refs(&r)
	if !slices.Equal(r.People, []hansei.ID{"ann-lee", "nobody"}) || !slices.Equal(r.Incidents, []hansei.ID{"pager:PX1"}) ||
		!slices.Equal(r.Moments, []string{"alert:pager:Q1"}) || !slices.Equal(r.Blocks, []string{"figure x"}) {
		t.Errorf("got %+v", r)
	}
	got := Parse(in).Plain(known, "https://h", func(string) string { return "**X: 3**" })
	want := "By @Ann <Lee> in [Checkout was slow](https://h/incidents/pager:PX1), see [10:05](https://h#moment).\n\n**X: 3**\n\nEnd @nobody.\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func FuzzProse(f *testing.F) {
	f.Add("@a #b [^c] ```hansei x\n```")
	f.Fuzz(func(t *testing.T, in string) {
		r := known
		r.Marked = []Passage{{Text: in[:len(in)/2], Class: "x"}}
		out, err := Parse(in).HTML(r)
		if err != nil {
			t.Fatal(err)
		}
		low := strings.ToLower(out)
		for _, bad := range []string{"<script", "<style", "<iframe", "<object", "<svg"} {
			if strings.Contains(strings.ReplaceAll(low, "&lt;", ""), bad) {
				t.Errorf("%q: %s", in, out)
			}
		}
		Parse(in).Plain(r, "", func(string) string { return "" })
	})
}
