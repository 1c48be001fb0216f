// Package prose turns a section's Markdown into HTML that is safe to show. It
// knows what people refer to beside plain Markdown:
//
//	@ann-lee            a person, by id
//	#pager:PX1          an incident, by id
//	[^alert:pager:Q1]   an entry of the timeline, by id: what a sentence rests on
//	```hansei figure time_to_resolve service=checkout
//	```                 a live block: a figure, a chart, or the timeline
//	![what it shows](image:HASH)   a picture that was pasted
//
// It is pure: Parse says what a text refers to, and whoever shows it says what
// that is called and where it leads. What refers to nothing stays as it was
// written.
package prose
