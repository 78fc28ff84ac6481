package pki

import (
	"context"
	"fmt"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/utils/clock"
)

// checkInterval is how often a running server looks at its certificates. The
// clock is read each time, so that a machine that was suspended, or whose clock
// was set, is not late.
const checkInterval = 12 * time.Hour

// Run renews the certificates that come near their end, until the context ends.
// After each renewal it calls renewed; who uses the files must follow them. If a
// renewal fails, the old certificates stay in use, and it is tried again at the
// next check.
func (p *PKI) Run(ctx context.Context, clock clock.WithTicker, renewed func() error) {
	ticker := clock.NewTicker(checkInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		written, err := p.renew(clock.Now())
		if err == nil && written {
			err = renewed()
		}
		if err != nil {
			utilruntime.HandleErrorWithContext(ctx, fmt.Errorf("renewing the certificates: %w", err), "The certificates are not renewed")
		}
	}
}
