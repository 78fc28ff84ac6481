package options

import (
	"errors"
	"time"

	"github.com/spf13/pflag"
)

// LeadershipOptions contains the times of the election in which API servers
// determine the one that coordinates the elections of others (KEP-4355, feature gate
// CoordinatedLeaderElection).
type LeadershipOptions struct {
	// LeaseDuration is how long a lease is valid after it was renewed. RenewDeadline is how
	// long its holder tries to renew it, and RetryPeriod the time between two tries.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration
}

func newLeadershipOptions() *LeadershipOptions {
	return &LeadershipOptions{LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second}
}

// AddFlags adds kube-apiserver's flags.
func (o *LeadershipOptions) AddFlags(fs *pflag.FlagSet) {
	fs.DurationVar(&o.LeaseDuration, "coordinated-leadership-lease-duration", o.LeaseDuration, ""+
		"How long the leases of coordinated leader election are valid. Used with the feature gate CoordinatedLeaderElection.")
	fs.DurationVar(&o.RenewDeadline, "coordinated-leadership-renew-deadline", o.RenewDeadline, ""+
		"How long the API server that coordinates elections tries to renew its own lease.")
	fs.DurationVar(&o.RetryPeriod, "coordinated-leadership-retry-period", o.RetryPeriod, ""+
		"How long the API server waits between two tries to get or to renew its own lease.")
}

// Validate returns an error for each time that does not fit the others.
func (o *LeadershipOptions) Validate() (errs []error) {
	if o.LeaseDuration <= o.RenewDeadline {
		errs = append(errs, errors.New("--coordinated-leadership-lease-duration must be greater than --coordinated-leadership-renew-deadline"))
	}
	if o.RenewDeadline <= o.RetryPeriod {
		errs = append(errs, errors.New("--coordinated-leadership-renew-deadline must be greater than --coordinated-leadership-retry-period"))
	}
	return errs
}
