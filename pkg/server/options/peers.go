package options

import (
	"fmt"

	"github.com/spf13/pflag"
	genericfeatures "k8s.io/apiserver/pkg/features"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// PeerOptions contains the flags of the proxy between API servers of different
// versions that share a storage (KEP-4020, feature gate
// UnknownVersionInteroperabilityProxy).
type PeerOptions struct {
	// CAFile is a file with CA certificates that verify the serving certificates of the
	// other servers. If it is empty, this server forwards nothing to them.
	CAFile string
	// AdvertiseIP and AdvertisePort are the address at which other servers reach this one.
	// By default this is the address of the kubernetes service's endpoint.
	AdvertiseIP, AdvertisePort string
}

// AddFlags adds kube-apiserver's flags.
func (o *PeerOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.CAFile, "peer-ca-file", o.CAFile, ""+
		"File with CA certificates that verify the serving certificates of other API servers with the same storage. With it, requests for resources "+
		"that only another server serves, because its version differs, are forwarded to that server. "+
		"Needs --proxy-client-cert-file and the feature gate UnknownVersionInteroperabilityProxy.")
	fs.StringVar(&o.AdvertiseIP, "peer-advertise-ip", o.AdvertiseIP, ""+
		"IP address at which other API servers reach this one, if it is not --advertise-address. Needs the feature gate UnknownVersionInteroperabilityProxy.")
	fs.StringVar(&o.AdvertisePort, "peer-advertise-port", o.AdvertisePort, ""+
		"Port at which other API servers reach this one, if it is not --secure-port. Needs the feature gate UnknownVersionInteroperabilityProxy.")
}

// Validate returns an error for each flag that is given although the feature gate is
// off. The feature gates must have been applied.
func (o *PeerOptions) Validate() (errs []error) {
	if features.Enabled(genericfeatures.UnknownVersionInteroperabilityProxy) {
		return nil
	}
	for _, flag := range []struct{ name, value string }{
		{"--peer-ca-file", o.CAFile}, {"--peer-advertise-ip", o.AdvertiseIP}, {"--peer-advertise-port", o.AdvertisePort},
	} {
		if flag.value != "" {
			errs = append(errs, fmt.Errorf("%s requires UnknownVersionInteroperabilityProxy feature to be turned on", flag.name))
		}
	}
	return errs
}
