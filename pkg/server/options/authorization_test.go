package options

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// parseAuthorization parses authorization flags and completes them.
func parseAuthorization(t *testing.T, args ...string) *AuthorizationOptions {
	t.Helper()
	o, fs := newAuthorizationOptions(), pflag.NewFlagSet("", pflag.ContinueOnError)
	o.AddFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	o.complete()
	return o
}

func TestAuthorizationFlags(t *testing.T) {
	const exclusive = "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are defined"
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, ""},
		{[]string{"--authorization-mode=AlwaysAllow"}, ""},
		{[]string{"--authorization-mode=Node", "--authorization-mode=RBAC"}, ""},
		{[]string{"--authorization-mode="}, "at least one --authorization-mode must be passed"},
		{[]string{"--authorization-mode=Rbac"}, `authorization-mode "Rbac" is not a valid mode`},
		{[]string{"--authorization-mode=RBAC,AlwaysDeny,RBAC"}, `authorization-mode ["RBAC" "AlwaysDeny" "RBAC"] has mode specified more than once`},
		{[]string{"--authorization-mode=ABAC"}, "authorization-mode ABAC's authorization policy file not passed"},
		{[]string{"--authorization-mode=ABAC", "--authorization-policy-file=f"}, ""},
		{[]string{"--authorization-policy-file=f"}, "cannot specify --authorization-policy-file without mode ABAC"},
		{[]string{"--authorization-mode=Webhook"}, "authorization-mode Webhook's authorization config file not passed"},
		{[]string{"--authorization-mode=Webhook", "--authorization-webhook-config-file=f"}, ""},
		{[]string{"--authorization-webhook-config-file=f"}, "cannot specify --authorization-webhook-config-file without mode Webhook"},
		{[]string{"--authorization-webhook-version=v2"}, `--authorization-webhook-version: "v2" is not v1 or v1beta1`},
		{[]string{"--authorization-webhook-cache-unauthorized-ttl=-1s"}, "must not be negative"},
		{[]string{"--authorization-config=f"}, ""},
		{[]string{"--authorization-config=f", "--authorization-policy-file=f"}, ""},
		{[]string{"--authorization-config=f", "--authorization-mode=RBAC"}, exclusive},
		{[]string{"--authorization-config=f", "--authorization-mode="}, exclusive},
		{[]string{"--authorization-config=f", "--authorization-webhook-config-file=f"}, exclusive},
		{[]string{"--authorization-config=f", "--authorization-webhook-version=v1beta1"}, exclusive},
		{[]string{"--authorization-config=f", "--authorization-webhook-cache-authorized-ttl=1m"}, exclusive},
	} {
		var texts []string
		for _, err := range parseAuthorization(t, test.args...).Validate() {
			texts = append(texts, err.Error())
		}
		got := strings.Join(texts, "\n")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%v: %s", test.args, got)
		}
	}
}

func TestAuthorizers(t *testing.T) {
	if o := parseAuthorization(t); !slices.Equal(o.Modes, []string{"Node", "RBAC"}) {
		t.Errorf("default: %v", o.Modes)
	}
	if o := parseAuthorization(t, "--authorization-config=f"); len(o.Modes) > 0 {
		t.Errorf("with a file: %v", o.Modes)
	}
	all := parseAuthorization(t, "--authorization-mode=RBAC,Webhook", "--authorization-webhook-config-file=f",
		"--authorization-webhook-cache-authorized-ttl=0").Authorizers()
	if len(all) != 2 || all[0].Type != "RBAC" || all[0].Name != "rbac" || all[0].Webhook != nil {
		t.Errorf("%v", all)
	}
	webhook := all[1].Webhook
	if webhook == nil || webhook.CacheAuthorizedRequests || !webhook.CacheUnauthorizedRequests || webhook.FailurePolicy != "NoOpinion" ||
		webhook.SubjectAccessReviewVersion != "v1beta1" || *webhook.ConnectionInfo.KubeConfigFile != "f" {
		t.Errorf("%v", webhook)
	}
}
