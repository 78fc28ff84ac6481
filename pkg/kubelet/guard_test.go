package kubelet

import (
	"errors"
	"testing"
)

// TestCheckHost tells addresses of the server's own host from others.
func TestCheckHost(t *testing.T) {
	for host, allowed := range map[string]bool{
		"192.0.2.1": true, "2001:db8::1": true, "": false, "127.0.0.1": false, "::1": false, "0.0.0.0": false, "::": false,
		"169.254.169.254": false, "fe80::1": false, "ff02::1": false, "ff01::1": false, "::ffff:127.0.0.1": false, "localhost": false,
	} {
		if err := CheckHost(t.Context(), host); (err == nil) != allowed || err != nil && !errors.Is(err, ErrNotAllowed) {
			t.Errorf("%q: %v", host, err)
		}
	}
}
