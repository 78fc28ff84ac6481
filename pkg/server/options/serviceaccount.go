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

// ServiceAccountOptions selects how service account tokens are issued and which
// tokens are accepted.
type ServiceAccountOptions struct {
	// Issuers are the accepted issuers; the first one is used for new tokens.
	// The default is serviceaccount.DefaultIssuer.
	Issuers []string
	// APIAudiences are the audiences of this server. The default is Issuers.
	APIAudiences []string
	// JWKSURI is the URL of the keys in the discovery document. The default is
	// the URL of this server.
	JWKSURI string
	// KeyFiles contain the keys that verify tokens, SigningKeyFile the key that
	// signs them. By default both are in the data directory.
	KeyFiles       []string
	SigningKeyFile string
	// SigningEndpoint is the Unix domain socket of an external signer, which takes the
	// place of SigningKeyFile and KeyFiles.
	SigningEndpoint string
	// Lookup refuses legacy tokens whose secret or service account does not
	// exist any more.
	Lookup bool
	// MaxExpiration limits the lifetime of tokens; 0 means no limit.
	MaxExpiration time.Duration
	// ExtendExpiration extends the lifetime of the tokens in pods to one year.
	ExtendExpiration bool

	// required makes the issuer and the keys required flags, as in
	// kube-apiserver.
	required bool
}

func newServiceAccountOptions() *ServiceAccountOptions {
	return &ServiceAccountOptions{Lookup: true, ExtendExpiration: true}
}

// AddFlags adds kube-apiserver's flags.
func (o *ServiceAccountOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.Issuers, "service-account-issuer", o.Issuers, ""+
		"Issuer of service account tokens, a URL. Can be repeated, to change the issuer: the first one is used for new tokens, and tokens of all are accepted. "+
		"The default is "+serviceaccount.DefaultIssuer+".")
	fs.StringSliceVar(&o.APIAudiences, "api-audiences", o.APIAudiences, ""+
		"Audiences of this server. A token must be for one of them. The default is the value of --service-account-issuer.")
	fs.StringVar(&o.JWKSURI, "service-account-jwks-uri", o.JWKSURI, ""+
		"URI, in the discovery document, of the keys that verify tokens. The default is /openid/v1/jwks on this server's external address.")
	fs.StringArrayVar(&o.KeyFiles, "service-account-key-file", o.KeyFiles, ""+
		"PEM file of RSA or ECDSA keys, public or private, or of certificates, which verify service account tokens. Can be repeated. "+
		"The key that signs tokens also verifies them. The files are reloaded when they change. The default is pki/sa.pub in the data directory.")
	fs.StringVar(&o.SigningKeyFile, "service-account-signing-key-file", o.SigningKeyFile, ""+
		"PEM file of the RSA or ECDSA private key that signs service account tokens. The file is reloaded when it changes. "+
		"The default is pki/sa.key in the data directory.")
	fs.StringVar(&o.SigningEndpoint, "service-account-signing-endpoint", o.SigningEndpoint, ""+
		"Path of the Unix domain socket of an external signer of service account tokens (KEP-740), in the place of --service-account-signing-key-file and "+
		"--service-account-key-file.")
	fs.BoolVar(&o.Lookup, "service-account-lookup", o.Lookup, "Refuse legacy tokens whose secret or service account does not exist any more.")
	fs.DurationVar(&o.MaxExpiration, "service-account-max-token-expiration", o.MaxExpiration, ""+
		"Longest lifetime of a service account token, between 1 hour and 2^32 seconds. Requests for a longer lifetime get this one. 0 means no limit.")
	fs.BoolVar(&o.ExtendExpiration, "service-account-extend-token-expiration", o.ExtendExpiration, ""+
		"Extend the lifetime of tokens that are mounted into pods to one year, for clients that do not reload them. "+
		"Their use after the requested lifetime is counted in the metrics.")
}

// complete sets the default issuers and audiences.
func (o *ServiceAccountOptions) complete() {
	if len(o.Issuers) == 0 && !o.required {
		o.Issuers = []string{serviceaccount.DefaultIssuer}
	}
	if len(o.APIAudiences) == 0 {
		o.APIAudiences = slices.Clone(o.Issuers)
	}
}

// Validate returns an error for each invalid flag. The key files are checked
// when they are read.
func (o *ServiceAccountOptions) Validate() []error {
	var errs []error
	if o.SigningEndpoint != "" && o.SigningKeyFile != "" {
		errs = append(errs, errors.New("service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time"))
	} else if o.SigningEndpoint != "" && len(o.KeyFiles) > 0 {
		errs = append(errs, errors.New("can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with "+
			"`--service-account-signing-endpoint` (They are mutually exclusive)"))
	}
	errs = append(errs, validateIssuers(o.Issuers)...)
	if o.required {
		errs = append(errs, o.validateRequired()...)
	}
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

// validateRequired returns kube-apiserver's errors for the flags without which it
// does not start.
func (o *ServiceAccountOptions) validateRequired() (errs []error) {
	issuer, signs := strings.Join(o.Issuers, "") != "", o.SigningKeyFile != "" || o.SigningEndpoint != ""
	if len(o.Issuers) == 0 {
		errs = append(errs, errors.New("service-account-issuer is a required flag"))
	}
	if len(o.KeyFiles) == 0 && o.SigningEndpoint == "" {
		errs = append(errs, errors.New("either `--service-account-key-file` or `--service-account-signing-endpoint` must be set"))
	}
	switch {
	case !issuer && !signs && len(o.APIAudiences) == 0:
		errs = append(errs, errors.New("--service-account-signing-key-file and --service-account-issuer are required flags"))
	case !issuer || !signs:
		errs = append(errs, errors.New("--service-account-signing-key-file, --service-account-issuer, and --api-audiences should be specified together"))
	}
	return errs
}

func validateIssuers(issuers []string) (errs []error) {
	for i, issuer := range issuers {
		if issuer == "" {
			errs = append(errs, errors.New("service-account-issuer should not be an empty string"))
		}
		if strings.Contains(issuer, ":") {
			if _, err := url.Parse(issuer); err != nil {
				errs = append(errs, fmt.Errorf("service-account-issuer %q contained a ':' but was not a valid URL: %v", issuer, err))
			}
		}
		if slices.Contains(issuers[:i], issuer) {
			errs = append(errs, fmt.Errorf("service-account-issuer %q is already specified", issuer))
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
	return errs
}
