// Package model lets a language model draft sections of a retrospective, where
// an organization has set one up; there is none otherwise.
//
// What is sent (material.go) is what the draft holds, with everybody who is known
// under a pseudonym (mask.go). What comes back (check.go) is held to it: each
// sentence cites entries of the timeline, and one that cites none, or one that
// is not there, is refused. So an instruction hidden in a message of the timeline
// can gain nothing but a sentence that is marked as a machine's, leads to that
// message, and waits for a person.
//
// The endpoint is any that speaks OpenAI's chat completions: POST
// {URL}/chat/completions with model, messages and response_format. Nothing else
// is sent: newer models of OpenAI refuse temperature and max_tokens, Ollama does
// not know max_completion_tokens, and LiteLLM refuses what the model behind it
// does not take.
package model
