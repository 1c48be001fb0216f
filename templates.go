package hansei

// defaultTemplates are for incidents of which the standard template would ask
// what cannot be answered. That near misses deserve their own questions, about
// what stopped them, is from the literature on resilience (Hollnagel, "Safety-I
// and Safety-II", 2014) and on near-miss reporting (Dillon and Tinsley, "How
// near-misses influence decision making under risk", 2008); that mild
// incidents are worth a short form is the advice of Howie: The Post-Incident
// Guide (2021), which scales the effort to what can be learned.
var defaultTemplates = []Template{
	{Name: "Near miss", Types: []string{IncidentNearMiss}, Sections: []Section{
		{ID: "summary", Title: "Summary", Prompt: "What nearly happened, and what stopped it, in two or three sentences."},
		{ID: "what-happened", Title: "What happened", Prompt: "Tell it in order. What made somebody look, or what made the system hold?"},
		{ID: "stopped", Title: "What stopped it", Prompt: "Which safeguard, habit or chance kept it from customers? Would it hold the next time?"},
		{ID: "could-have", Title: "What it could have been", Prompt: "Who would have felt it, how long, how badly, had that not been there?"},
		{ID: "factors", Title: "Contributing factors", Prompt: "Which conditions made it possible to come this far?"},
		{ID: "lessons", Title: "Lessons", Prompt: "What should be kept because it worked, and what should change? One lesson a line."},
	}},
	{Name: "Drill", Types: []string{IncidentDrill, IncidentTest}, Sections: []Section{
		{ID: "summary", Title: "Summary", Prompt: "What was tried, with whom, and how it went."},
		{ID: "goal", Title: "What we wanted to know", Prompt: "What did we expect to happen, and how would we have known that we were wrong?"},
		{ID: "what-happened", Title: "What happened", Prompt: "Where did it go otherwise than expected?"},
		{ID: "response", Title: "Detection and response", Prompt: "What could people find, reach and do, and what could they not?"},
		{ID: "lessons", Title: "Lessons", Prompt: "What will we do before the next one? One lesson a line."},
	}},
	{Name: "Short", Severities: []string{"sev4", "sev5"}, Sections: []Section{
		{ID: "summary", Title: "Summary", Prompt: "What customers saw, for how long, and what ended it."},
		{ID: "factors", Title: "Contributing factors", Prompt: "Which conditions made this possible? Name two or more."},
		{ID: "lessons", Title: "Lessons", Prompt: "What is worth knowing? One lesson a line; none is an answer too."},
	}},
}
