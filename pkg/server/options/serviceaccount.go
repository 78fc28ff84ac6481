package options

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// ServiceAccountOptions say how tokens of service accounts are made and which
// are accepted.
type ServiceAccountOptions struct {
	// Issuers are accepted, the first one issues. The default is
	// serviceaccount.DefaultIssuer.
	Issuers []string
	// APIAudiences are those of this server; the default is the issuers.
	APIAudiences []string
	// JWKSURI is where the discovery document says that the keys are; the
	// default is this server.
	JWKSURI string
	// KeyFiles have the keys that verify tokens, SigningKeyFile the one that
	// signs. By default the server uses its own.
	KeyFiles       []string
	SigningKeyFile string
	// SigningEndpoint is the socket of an external signer.
	SigningEndpoint string
	// Lookup refuses legacy tokens whose secret or service account is gone.
	Lookup bool
	// MaxExpiration bounds the life of tokens; 0: no bound.
	MaxExpiration time.Duration
	// ExtendExpiration lets tokens in pods live for a year.
	ExtendExpiration bool
}

func newServiceAccountOptions() *ServiceAccountOptions {
	return &ServiceAccountOptions{Lookup: true, ExtendExpiration: true}
}

// AddFlags adds kube-apiserver's flags.
func (o *ServiceAccountOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.Issuers, "service-account-issuer", o.Issuers, ""+
		"Issuer of service account tokens, a URL. Can be given more than once: the first one issues, all are accepted, so that the issuer can be changed. "+
		"The default is "+serviceaccount.DefaultIssuer+".")
	fs.StringSliceVar(&o.APIAudiences, "api-audiences", o.APIAudiences, ""+
		"Audiences of this server. Tokens for one of them are accepted. The default is the issuers.")
	fs.StringVar(&o.JWKSURI, "service-account-jwks-uri", o.JWKSURI, ""+
		"URI of the keys that verify tokens, as the discovery document names it. The default is /openid/v1/jwks on this server's external address.")
	fs.StringArrayVar(&o.KeyFiles, "service-account-key-file", o.KeyFiles, ""+
		"PEM file of RSA or ECDSA keys, public or private, or of certificates, which verify service account tokens. Can be given more than once. "+
		"The key that signs always verifies. Changes are followed. The default is pki/sa.pub in the data directory.")
	fs.StringVar(&o.SigningKeyFile, "service-account-signing-key-file", o.SigningKeyFile, ""+
		"PEM file of the RSA or ECDSA private key that signs service account tokens. Changes are followed. "+
		"The default is pki/sa.key in the data directory.")
	fs.StringVar(&o.SigningEndpoint, "service-account-signing-endpoint", o.SigningEndpoint,
		"Socket of an external signer of service account tokens. Not available.")
	fs.BoolVar(&o.Lookup, "service-account-lookup", o.Lookup, "Refuse legacy tokens whose secret or service account is gone.")
	fs.DurationVar(&o.MaxExpiration, "service-account-max-token-expiration", o.MaxExpiration, ""+
		"Longest life of a service account token, between 1 hour and 2^32 seconds. One that is asked to live longer gets this. 0: no limit.")
	fs.BoolVar(&o.ExtendExpiration, "service-account-extend-token-expiration", o.ExtendExpiration, ""+
		"Let the tokens that are mounted into pods live for a year, for clients that do not read them again. Their use after the time that was asked for is counted.")
}

// complete fills in the issuers and the audiences.
func (o *ServiceAccountOptions) complete() {
	if len(o.Issuers) == 0 {
		o.Issuers = []string{serviceaccount.DefaultIssuer}
	}
	if len(o.APIAudiences) == 0 {
		o.APIAudiences = slices.Clone(o.Issuers)
	}
}

// Validate returns the mistakes in the flags; the key files are checked when
// they are read.
func (o *ServiceAccountOptions) Validate() []error {
	var errs []error
	if o.SigningEndpoint != "" {
		errs = append(errs, errors.New("--service-account-signing-endpoint is not available: sign with a key in a file (--service-account-signing-key-file)"))
	}
	errs = append(errs, validateIssuers(o.Issuers)...)
	if slices.Contains(o.APIAudiences, "") {
		errs = append(errs, errors.New("--api-audiences must not contain an empty audience"))
	}
	if o.JWKSURI != "" {
		if u, err := url.Parse(o.JWKSURI); err != nil {
			errs = append(errs, fmt.Errorf("service-account-jwks-uri must be a valid URL: %v", err))
		} else if u.Scheme != "https" {
			errs = append(errs, fmt.Errorf("service-account-jwks-uri requires https scheme, parsed as: %v", u.String()))
		}
	}
	return append(errs, o.validateExpiration()...)
}

func validateIssuers(issuers []string) (errs []error) {
	for i, issuer := range issuers {
		if issuer == "" {
			errs = append(errs, errors.New("--service-account-issuer must not be empty"))
		}
		if strings.Contains(issuer, ":") {
			if _, err := url.Parse(issuer); err != nil {
				errs = append(errs, fmt.Errorf("service-account-issuer %q contained a ':' but was not a valid URL: %v", issuer, err))
			}
		}
		if slices.Contains(issuers[:i], issuer) {
			errs = append(errs, fmt.Errorf("--service-account-issuer has %q more than once", issuer))
		}
	}
	return errs
}

func (o *ServiceAccountOptions) validateExpiration() (errs []error) {
	if o.MaxExpiration == 0 {
		return nil
	}
	if o.MaxExpiration < time.Hour || o.MaxExpiration > (1<<32)*time.Second {
		errs = append(errs, errors.New("the service-account-max-token-expiration must be between 1 hour and 2^32 seconds"))
	}
	if o.ExtendExpiration && o.MaxExpiration < serviceaccount.ExtendableSeconds*time.Second {
		errs = append(errs, fmt.Errorf("service-account-extend-token-expiration is true, in order to correctly trigger safe transition logic, "+
			"service-account-max-token-expiration must be set longer than %d seconds (currently %s)", serviceaccount.ExtendableSeconds, o.MaxExpiration))
	}
	return errs
}
