package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ErrNotAllowed is the error of an address that users must not reach through the
// server.
var ErrNotAllowed = errors.New("address not allowed")

// refuseOwnHost returns ErrNotAllowed for addresses of the server's own host and
// of its link. What listens there often trusts everybody who can connect: cloud
// providers tell credentials at 169.254.169.254.
func refuseOwnHost(ip net.IP) error {
	if ip == nil || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsLinkLocalMulticast() || ip.IsInterfaceLocalMulticast() || ip.IsUnspecified() {
		return ErrNotAllowed
	}
	return nil
}

// CheckHost returns ErrNotAllowed if the host, a name or an IP address, is one
// that users must not reach through the server.
func CheckHost(ctx context.Context, host string) error {
	if host == "" {
		return ErrNotAllowed
	}
	if ip := net.ParseIP(host); ip != nil {
		return refuseOwnHost(ip)
	}
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return err
	}
	for _, address := range addresses {
		if err := refuseOwnHost(address.IP); err != nil {
			return err
		}
	}
	return nil
}

// checking makes a dialer ask for the address to which it is about to connect,
// which a name server may have changed since CheckHost.
func checking(check func(net.IP) error) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return fmt.Errorf("address to connect to: %w", err)
		}
		return check(net.ParseIP(host))
	}
}
