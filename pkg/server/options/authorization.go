package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/apis/apiserver"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization"
)

// AuthorizationOptions selects the authorizers, either by modes or by a file.
type AuthorizationOptions struct {
	// Modes are the authorization modes in the order in which they are asked.
	Modes []string
	// PolicyFile contains the policies of the mode ABAC.
	PolicyFile string
	// WebhookConfigFile is a kubeconfig of the service that the mode Webhook
	// asks. WebhookVersion is the version of the SubjectAccessReviews that it
	// receives.
	WebhookConfigFile string
	WebhookVersion    string
	// WebhookAuthorizedTTL and WebhookUnauthorizedTTL are how long the answers
	// of the webhook are cached. Zero disables the cache.
	WebhookAuthorizedTTL, WebhookUnauthorizedTTL time.Duration
	// ConfigFile is the path of a file with an AuthorizationConfiguration. It
	// replaces all other fields except PolicyFile.
	ConfigFile string

	// defaultModes are the modes if the flags select nothing.
	defaultModes []string
	changed      func(flag string) bool
}

const (
	modeFlag          = "authorization-mode"
	webhookFlagPrefix = "authorization-webhook-"
	// webhookTimeout limits how long the webhook of --authorization-mode may
	// take to answer.
	webhookTimeout = 30 * time.Second
)

func newAuthorizationOptions() *AuthorizationOptions {
	return &AuthorizationOptions{
		WebhookVersion: "v1beta1", WebhookAuthorizedTTL: 5 * time.Minute, WebhookUnauthorizedTTL: 30 * time.Second,
		defaultModes: []string{authorization.ModeNode, authorization.ModeRBAC},
		changed:      func(string) bool { return false },
	}
}

// AddFlags adds kube-apiserver's authorization flags.
func (o *AuthorizationOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&o.Modes, modeFlag, o.Modes, ""+
		"Modes of authorization, of which the first one with an opinion decides: "+strings.Join(authorization.Modes(), ", ")+
		". Members of system:masters may do everything in each of them. Without this flag and --authorization-config it is "+
		strings.Join(o.defaultModes, ",")+".")
	fs.StringVar(&o.PolicyFile, "authorization-policy-file", o.PolicyFile, "File with the policies of mode ABAC, one JSON object per line.")
	fs.StringVar(&o.WebhookConfigFile, webhookFlagPrefix+"config-file", o.WebhookConfigFile, "Kubeconfig file of the service that mode Webhook asks.")
	fs.StringVar(&o.WebhookVersion, webhookFlagPrefix+"version", o.WebhookVersion, "Version of the SubjectAccessReview that mode Webhook sends: v1 or v1beta1.")
	fs.DurationVar(&o.WebhookAuthorizedTTL, webhookFlagPrefix+"cache-authorized-ttl", o.WebhookAuthorizedTTL,
		"How long an answer of the webhook that allows a request is cached.")
	fs.DurationVar(&o.WebhookUnauthorizedTTL, webhookFlagPrefix+"cache-unauthorized-ttl", o.WebhookUnauthorizedTTL,
		"How long an answer of the webhook that does not allow a request is cached.")
	fs.StringVar(&o.ConfigFile, "authorization-config", o.ConfigFile, ""+
		"File with an AuthorizationConfiguration, which can have several webhooks, with conditions. The file is reloaded when it changes. "+
		"Cannot be combined with --authorization-mode and --authorization-webhook-* flags.")
	o.changed = fs.Changed
}

// complete sets the default modes if the flags select nothing. The empty value
// selects nothing in kube-apiserver, where everything is allowed then; where
// the default is another one, an empty value is refused.
func (o *AuthorizationOptions) complete() {
	everything := slices.Contains(o.defaultModes, authorization.ModeAlwaysAllow)
	if len(o.Modes) == 0 && o.ConfigFile == "" && (everything || !o.changed(modeFlag)) {
		o.Modes = slices.Clone(o.defaultModes)
	}
}

// Validate returns an error for each invalid flag. The contents of files are
// checked when the files are read.
func (o *AuthorizationOptions) Validate() []error {
	if o.ConfigFile != "" {
		if o.legacy() {
			return []error{errors.New("--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined")}
		}
		return nil
	}
	var errs []error
	if len(o.Modes) == 0 {
		errs = append(errs, errors.New("at least one --authorization-mode must be passed"))
	}
	for i, mode := range o.Modes {
		switch {
		case !slices.Contains(authorization.Modes(), mode):
			errs = append(errs, fmt.Errorf("authorization-mode %q is not a valid mode: choose among %s", mode, strings.Join(authorization.Modes(), ", ")))
		case slices.Contains(o.Modes[:i], mode):
			errs = append(errs, fmt.Errorf("authorization-mode %q has mode specified more than once", o.Modes))
		}
	}
	for _, file := range []struct{ mode, flag, what, value string }{
		{authorization.ModeABAC, "authorization-policy-file", "authorization policy file", o.PolicyFile},
		{authorization.ModeWebhook, webhookFlagPrefix + "config-file", "authorization config file", o.WebhookConfigFile},
	} {
		switch has := slices.Contains(o.Modes, file.mode); {
		case has && file.value == "":
			errs = append(errs, fmt.Errorf("authorization-mode %s's %s not passed: --%s is missing", file.mode, file.what, file.flag))
		case !has && file.value != "":
			errs = append(errs, fmt.Errorf("cannot specify --%s without mode %s", file.flag, file.mode))
		}
	}
	if !slices.Contains([]string{"v1", "v1beta1"}, o.WebhookVersion) {
		errs = append(errs, fmt.Errorf("--authorization-webhook-version: %q is not v1 or v1beta1", o.WebhookVersion))
	}
	if o.WebhookAuthorizedTTL < 0 || o.WebhookUnauthorizedTTL < 0 {
		errs = append(errs, errors.New("--authorization-webhook-cache-authorized-ttl and --authorization-webhook-cache-unauthorized-ttl must not be negative"))
	}
	return errs
}

// legacy reports whether a flag is set that --authorization-config replaces.
func (o *AuthorizationOptions) legacy() bool {
	none := newAuthorizationOptions()
	for _, flag := range []string{modeFlag, webhookFlagPrefix + "version", webhookFlagPrefix + "cache-authorized-ttl",
		webhookFlagPrefix + "cache-unauthorized-ttl"} {
		if o.changed(flag) {
			return true
		}
	}
	return len(o.Modes) > 0 || o.WebhookConfigFile != "" || o.WebhookVersion != none.WebhookVersion ||
		o.WebhookAuthorizedTTL != none.WebhookAuthorizedTTL || o.WebhookUnauthorizedTTL != none.WebhookUnauthorizedTTL
}

// Authorizers returns the configuration that corresponds to the flags, in the
// format of --authorization-config.
func (o *AuthorizationOptions) Authorizers() []apiserver.AuthorizerConfiguration {
	var all []apiserver.AuthorizerConfiguration
	for _, mode := range o.Modes {
		config := apiserver.AuthorizerConfiguration{Type: apiserver.AuthorizerType(mode), Name: strings.ToLower(mode)}
		if mode == authorization.ModeWebhook {
			config.Webhook = &apiserver.WebhookConfiguration{
				AuthorizedTTL:              metav1.Duration{Duration: o.WebhookAuthorizedTTL},
				CacheAuthorizedRequests:    o.WebhookAuthorizedTTL > 0,
				UnauthorizedTTL:            metav1.Duration{Duration: o.WebhookUnauthorizedTTL},
				CacheUnauthorizedRequests:  o.WebhookUnauthorizedTTL > 0,
				Timeout:                    metav1.Duration{Duration: webhookTimeout},
				FailurePolicy:              apiserver.FailurePolicyNoOpinion,
				SubjectAccessReviewVersion: o.WebhookVersion,
				ConnectionInfo: apiserver.WebhookConnectionInfo{
					Type: apiserver.AuthorizationWebhookConnectionInfoTypeKubeConfigFile, KubeConfigFile: &o.WebhookConfigFile},
			}
		}
		all = append(all, config)
	}
	return all
}
