// Package connect is what live sources are to the rest: it keeps what people
// configured, takes webhooks in, pulls history, and tells how each source is.
//
// Everything that arrives is stored before it is understood: a webhook is
// answered once its delivery is durable, and a page that was pulled is stored
// in the same transaction as the cursor after it. Understanding is package
// intake's. Tools are known to packages below source; which of them there are
// is said in app.
package connect
