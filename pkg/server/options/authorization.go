package options

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization"
)

// AuthorizationOptions choose what users may do.
type AuthorizationOptions struct {
	// Modes are asked in this order.
	Modes []string
}

// laterModes are kube-apiserver's modes that are still missing.
var laterModes = []string{"Node", "ABAC", "Webhook"}

func newAuthorizationOptions() *AuthorizationOptions {
	return &AuthorizationOptions{Modes: []string{authorization.ModeRBAC}}
}

// AddFlags adds kube-apiserver's authorization flags.
func (o *AuthorizationOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&o.Modes, "authorization-mode", o.Modes, ""+
		"Modes of authorization, of which the first one with an opinion decides: "+strings.Join(authorization.Modes(), ", ")+
		". Members of system:masters may do everything in each of them.")
}

// Validate returns the mistakes in the flags.
func (o *AuthorizationOptions) Validate() []error {
	var errs []error
	if len(o.Modes) == 0 {
		errs = append(errs, fmt.Errorf("--authorization-mode needs at least one mode of %s", strings.Join(authorization.Modes(), ", ")))
	}
	for i, mode := range o.Modes {
		switch {
		case slices.Contains(laterModes, mode):
			errs = append(errs, fmt.Errorf("--authorization-mode: %s is not available yet: choose among %s", mode, strings.Join(authorization.Modes(), ", ")))
		case !slices.Contains(authorization.Modes(), mode):
			errs = append(errs, fmt.Errorf("--authorization-mode: %q is not a valid mode: choose among %s", mode, strings.Join(authorization.Modes(), ", ")))
		case slices.Contains(o.Modes[:i], mode):
			errs = append(errs, fmt.Errorf("--authorization-mode has mode %s more than once", mode))
		}
	}
	return errs
}
