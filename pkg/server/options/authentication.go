package options

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/component-base/cli/flag"

	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/oidc"
)

// AuthenticationOptions selects how requests are authenticated.
type AuthenticationOptions struct {
	// Anonymous accepts requests without credentials as the user
	// system:anonymous.
	Anonymous bool
	// ClientCAFile contains additional CAs for client certificates.
	// Certificates of the server's own CA are always accepted.
	ClientCAFile string
	// TokenFile is a CSV file of static tokens.
	TokenFile string
	// BootstrapTokens accepts the bootstrap tokens that are stored in secrets
	// in kube-system.
	BootstrapTokens bool
	// RequestHeader describes the trusted front proxy. Without a CA file this
	// is a proxy that uses the front proxy certificate of the data directory.
	RequestHeader genericoptions.RequestHeaderAuthenticationOptions
	// ConfigFile is the path of a file with an AuthenticationConfiguration.
	ConfigFile string
	// OIDC describes a provider of ID tokens. OIDCSigningAlgs are the
	// algorithms with which the tokens may be signed.
	OIDC            oidc.Flags
	OIDCSigningAlgs []string
	// WebhookConfigFile is a kubeconfig of a service that authenticates bearer
	// tokens. WebhookVersion is the version of the TokenReviews that it
	// receives, and WebhookCacheTTL is how long its answers are cached.
	WebhookConfigFile, WebhookVersion string
	WebhookCacheTTL                   time.Duration

	flags *pflag.FlagSet
}

func newAuthenticationOptions() *AuthenticationOptions {
	return &AuthenticationOptions{
		Anonymous:       true,
		OIDC:            oidc.Flags{UsernameClaim: "sub"},
		OIDCSigningAlgs: []string{"RS256"},
		WebhookVersion:  "v1beta1",
		WebhookCacheTTL: 2 * time.Minute,
	}
}

// AddFlags adds kube-apiserver's authentication flags.
func (o *AuthenticationOptions) AddFlags(fs *pflag.FlagSet) {
	o.flags = fs
	fs.BoolVar(&o.Anonymous, "anonymous-auth", o.Anonymous, ""+
		"Accept requests without credentials, as the user system:anonymous in the group system:unauthenticated.")
	fs.StringVar(&o.ClientCAFile, "client-ca-file", o.ClientCAFile, ""+
		"File with CA certificates that verify client certificates. The common name is the user, the organizations are the groups. "+
		"Client certificates of the CA in the data directory are accepted as well.")
	fs.StringVar(&o.TokenFile, "token-auth-file", o.TokenFile, ""+
		"CSV file of bearer tokens: token, user name, user UID and, optionally, \"group1,group2\". The file is reloaded when it changes.")
	fs.BoolVar(&o.BootstrapTokens, "enable-bootstrap-token-auth", o.BootstrapTokens, ""+
		"Accept the bootstrap tokens in secrets of type bootstrap.kubernetes.io/token in kube-system.")
	o.RequestHeader.AddFlags(fs)
	fs.Lookup("requestheader-client-ca-file").Usage += " Without it, a proxy with the front-proxy-client certificate in the data directory " +
		"is trusted to send X-Remote-User, X-Remote-Uid, X-Remote-Group and X-Remote-Extra- headers."
	fs.StringVar(&o.ConfigFile, "authentication-config", o.ConfigFile, ""+
		"File with an AuthenticationConfiguration: OpenID Connect providers and conditions for anonymous requests. The file is reloaded when it changes. "+
		"Cannot be combined with --oidc-* flags.")
	o.addOIDCFlags(fs)
	fs.StringVar(&o.WebhookConfigFile, "authentication-token-webhook-config-file", o.WebhookConfigFile, ""+
		"Kubeconfig file of a service that authenticates bearer tokens with TokenReviews.")
	fs.StringVar(&o.WebhookVersion, "authentication-token-webhook-version", o.WebhookVersion, ""+
		"Version of the TokenReviews that the service receives: v1 or v1beta1.")
	fs.DurationVar(&o.WebhookCacheTTL, "authentication-token-webhook-cache-ttl", o.WebhookCacheTTL, ""+
		"How long the answers of the service are cached.")
}

func (o *AuthenticationOptions) addOIDCFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.OIDC.IssuerURL, "oidc-issuer-url", o.OIDC.IssuerURL, ""+
		"URL, with scheme https, of an OpenID Connect provider whose ID tokens are accepted.")
	fs.StringVar(&o.OIDC.ClientID, "oidc-client-id", o.OIDC.ClientID, ""+
		"Audience that the ID tokens must have. Needed with --oidc-issuer-url.")
	fs.StringVar(&o.OIDC.CAFile, "oidc-ca-file", o.OIDC.CAFile, ""+
		"File with the CA certificates of the provider; by default the CA certificates of the system are used.")
	fs.StringVar(&o.OIDC.UsernameClaim, "oidc-username-claim", o.OIDC.UsernameClaim, "Claim that is the user's name.")
	fs.StringVar(&o.OIDC.UsernamePrefix, "oidc-username-prefix", o.OIDC.UsernamePrefix, ""+
		"Prefix of the user's name. The default is the issuer's URL and '#', or no prefix for the claim 'email'. '-' means no prefix.")
	fs.StringVar(&o.OIDC.GroupsClaim, "oidc-groups-claim", o.OIDC.GroupsClaim, "Claim with the user's groups: a string or a list of strings.")
	fs.StringVar(&o.OIDC.GroupsPrefix, "oidc-groups-prefix", o.OIDC.GroupsPrefix, "Prefix of the groups.")
	fs.StringSliceVar(&o.OIDCSigningAlgs, "oidc-signing-algs", o.OIDCSigningAlgs, ""+
		"Algorithms with which ID tokens may be signed: RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512.")
	fs.Var(flag.NewMapStringStringNoSplit(&o.OIDC.RequiredClaims), "oidc-required-claim", "Claim, as key=value, that the ID tokens must have. Can be repeated.")
}

// Validate returns an error for each invalid flag. The contents of files are
// checked when the files are read.
func (o *AuthenticationOptions) Validate() []error {
	errs := o.RequestHeader.Validate()
	switch oidcChosen := o.OIDC.IssuerURL != "" || o.OIDC.ClientID != "" || o.oidcFlagSet(); {
	case oidcChosen && o.ConfigFile != "":
		errs = append(errs, errors.New("authentication-config file and oidc-* flags are mutually exclusive"))
	case oidcChosen && (o.OIDC.IssuerURL == "" || o.OIDC.ClientID == ""):
		errs = append(errs, errors.New("oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set"))
	}
	if v := o.WebhookVersion; v != "v1" && v != "v1beta1" {
		errs = append(errs, fmt.Errorf("--authentication-token-webhook-version: %q must be v1 or v1beta1", v))
	}
	return errs
}

// oidcFlagSet reports whether any of the flags for OpenID Connect was given.
func (o *AuthenticationOptions) oidcFlagSet() bool {
	return o.flags != nil && slices.ContainsFunc([]string{"oidc-issuer-url", "oidc-client-id", "oidc-ca-file", "oidc-username-claim", "oidc-username-prefix",
		"oidc-groups-claim", "oidc-groups-prefix", "oidc-signing-algs", "oidc-required-claim"}, o.flags.Changed)
}

// AnonymousChosen reports whether --anonymous-auth was given.
func (o *AuthenticationOptions) AnonymousChosen() bool {
	return o.flags != nil && o.flags.Changed("anonymous-auth")
}
