package fetch

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	dialTimeout   = 10 * time.Second
	headerTimeout = 60 * time.Second
	maxRedirects  = 5
)

// ErrPrivate means that a source's address lies inside the own network.
var ErrPrivate = errors.New("the address is a private one; allow it with --allow-private if that is meant")

// Guarded is an HTTP client that reaches public addresses, and private ones
// among allow. What counts is the address a name led to when the connection is
// made, so that a name which answers differently the second time gains
// nothing. Redirects to other hosts carry no credentials.
func Guarded(allow []netip.Prefix) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("address %q: %w", address, err)
		}
		return allowed(at.Addr(), allow)
	}}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:           dialer.DialContext,
			TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: headerTimeout,
			IdleConnTimeout:       time.Minute,
			MaxIdleConnsPerHost:   2,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch first := via[0]; {
			case len(via) >= maxRedirects:
				return fmt.Errorf("more than %d redirects", maxRedirects)
			case r.URL.Scheme != "https" && r.URL.Scheme != first.URL.Scheme:
				return errors.New("a redirect away from https")
			case r.URL.Host != first.URL.Host:
				for name := range r.Header {
					if name != "User-Agent" && name != "Accept" {
						r.Header.Del(name)
					}
				}
			}
			return nil
		},
	}
}

// special are ranges that are not public and that netip has no word for: this
// network, carrier-grade NAT, protocol assignments, documentation and
// benchmarking, reserved; and IPv6 that leads into IPv4 (NAT64, 6to4, Teredo)
// or nowhere.
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

func allowed(ip netip.Addr, allow []netip.Prefix) error {
	ip = ip.Unmap().WithZone("")
	for _, p := range allow {
		if p.Contains(ip) {
			return nil
		}
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return ErrPrivate
	}
	for _, p := range special {
		if p.Contains(ip) {
			return ErrPrivate
		}
	}
	return nil
}
