// Package forgetting holds the page on which a person is forgotten: what that
// means, and the name to be typed. What is rewritten is package forget's.
package forgetting
