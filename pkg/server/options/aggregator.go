package options

import (
	"errors"

	"github.com/spf13/pflag"
)

// AggregatorOptions contains the flags of API aggregation.
type AggregatorOptions struct {
	// ClientCertFile and ClientKeyFile are the certificate and key with which
	// this server authenticates itself to aggregated servers as their front
	// proxy. If they are empty, the certificate of the data directory is used.
	ClientCertFile, ClientKeyFile string
	// EndpointRouting makes the server connect to the endpoints of services
	// instead of their cluster IPs.
	EndpointRouting bool
	// RejectRedirects makes the server answer 502 when an aggregated server
	// redirects.
	RejectRedirects bool
}

func newAggregatorOptions() *AggregatorOptions { return &AggregatorOptions{RejectRedirects: true} }

// AddFlags adds kube-apiserver's flags.
func (o *AggregatorOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ClientCertFile, "proxy-client-cert-file", o.ClientCertFile, ""+
		"Client certificate that proves to aggregated API servers that requests with the headers of a user come from this server. "+
		"The default is pki/front-proxy-client.crt in the data directory.")
	fs.StringVar(&o.ClientKeyFile, "proxy-client-key-file", o.ClientKeyFile, ""+
		"Key of --proxy-client-cert-file. The default is pki/front-proxy-client.key in the data directory.")
	fs.BoolVar(&o.EndpointRouting, "enable-aggregator-routing", o.EndpointRouting,
		"Connect to the endpoints of the services of aggregated API servers instead of their cluster IPs.")
	fs.BoolVar(&o.RejectRedirects, "aggregator-reject-forwarding-redirect", o.RejectRedirects,
		"Refuse to pass the redirects of aggregated API servers on to clients.")
}

// Validate returns an error for each invalid flag.
func (o *AggregatorOptions) Validate() (errs []error) {
	if (o.ClientCertFile == "") != (o.ClientKeyFile == "") {
		errs = append(errs, errors.New("--proxy-client-cert-file and --proxy-client-key-file must be specified together"))
	}
	return errs
}
