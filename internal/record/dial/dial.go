// Package dial reaches a database on another machine, and notices when that one
// is gone without a word.
package dial

import (
	"net"
	"time"
)

const (
	// A peer that does not answer is given up after about 20 s.
	quietTime = 5 * time.Second
	probes    = 3
)

// Dialer makes connections that are given up when nobody answers any more.
func Dialer() *net.Dialer {
	return &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: quietTime, Interval: quietTime, Count: probes}, Control: unanswered}
}
