package dial

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// unanswered bounds how long something sent may stay unacknowledged by the
// other machine, whose power may have been cut.
func unanswered(network, _ string, c syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var set error
	err := c.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int((quietTime * (probes + 1)).Milliseconds()))
	})
	return errors.Join(err, set)
}
