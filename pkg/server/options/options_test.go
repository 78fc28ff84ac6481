package options

import (
	"strings"
	"testing"
	"time"
)

func TestValidateNamesTheFlag(t *testing.T) {
	for _, test := range []struct {
		flag string
		set  func(*Options)
	}{
		{"--data-dir", func(o *Options) { o.Data.Dir = "" }},
		{"--embedded-etcd-listen-client-url", func(o *Options) { o.Data.EtcdClientURL = "127.0.0.1:2379" }},
		{"--embedded-etcd-quota-backend-bytes", func(o *Options) { o.Data.EtcdQuotaBytes = -1 }},
		{"--secure-port", func(o *Options) { o.SecureServing.BindPort = 70000 }},
		{"--event-ttl", func(o *Options) { o.EventTTL = -1 }},
		{"--max-requests-inflight", func(o *Options) { o.Generic.MaxRequestsInFlight = -1 }},
		{"--runtime-config", func(o *Options) { o.APIEnablement.RuntimeConfig = map[string]string{"no.such.group/v1": "true"} }},
		{"enable-admission-plugins", func(o *Options) { o.Admission.EnablePlugins = []string{"Nonsense"} }},
		{"enable-admission-plugins", func(o *Options) { o.Admission.EnablePlugins = []string{"NoSuchPlugin"} }},
		{"--emulated-version", func(o *Options) { o.Generic.EmulationForwardCompatible = true }},
		{"--embedded-etcd-", func(o *Options) {
			o.Etcd.StorageConfig.Transport.ServerList, o.Data.EtcdNoSync = []string{"http://127.0.0.1:1"}, true
		}},
		{`--controllers: unknown controller "nosuch": choose among bootstrap-signer-controller`, func(o *Options) { o.Controllers = []string{"*", "nosuch"} }},
		{"oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set", func(o *Options) { o.Authentication.OIDC.ClientID = "x" }},
		{"--authentication-token-webhook-version", func(o *Options) { o.Authentication.WebhookVersion = "v2" }},
		{"service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time",
			func(o *Options) {
				o.ServiceAccounts.SigningEndpoint, o.ServiceAccounts.SigningKeyFile = "/run/signer.sock", "sa.key"
			}},
		{"can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint`",
			func(o *Options) {
				o.ServiceAccounts.SigningEndpoint, o.ServiceAccounts.KeyFiles = "/run/signer.sock", []string{"sa.pub"}
			}},
		{"service-account-issuer should not be an empty string", func(o *Options) { o.ServiceAccounts.Issuers = []string{""} }},
		{`service-account-issuer "http://[::1" contained a ':' but was not a valid URL`, func(o *Options) { o.ServiceAccounts.Issuers = []string{"http://[::1"} }},
		{`service-account-issuer "a" is already specified`, func(o *Options) { o.ServiceAccounts.Issuers = []string{"a", "b", "a"} }},
		{"--api-audiences", func(o *Options) { o.ServiceAccounts.APIAudiences = []string{"a", ""} }},
		{"service-account-jwks-uri requires https scheme", func(o *Options) { o.ServiceAccounts.JWKSURI = "http://example.com/jwks" }},
		{"service-account-jwks-uri must be a valid URL", func(o *Options) { o.ServiceAccounts.JWKSURI = "https://[::1" }},
		{"service-account-max-token-expiration must be between 1 hour and 2^32 seconds", func(o *Options) { o.ServiceAccounts.MaxExpiration = time.Minute }},
		{"service-account-max-token-expiration must be between 1 hour and 2^32 seconds", func(o *Options) { o.ServiceAccounts.MaxExpiration = -time.Hour }},
		{"service-account-max-token-expiration must be between 1 hour and 2^32 seconds",
			func(o *Options) { o.ServiceAccounts.MaxExpiration = (1<<32 + 1) * time.Second }},
		{`admission-control plugin "Nonsense" is unknown`, func(o *Options) { o.Admission.Only = []string{"Nonsense"} }},
		{"admission-control and enable-admission-plugins/disable-admission-plugins flags are mutually exclusive",
			func(o *Options) {
				o.Admission.Only, o.Admission.EnablePlugins = []string{"NamespaceLifecycle"}, []string{"PodSecurity"}
			}},
		{`metrics.showHiddenMetricsForVersion: Invalid value: "1.20": must be omitted or have the value '1.36'; only the previous minor version is allowed`,
			func(o *Options) { o.Metrics.ShowHiddenMetricsForVersion = "1.20" }},
		{`service-cluster-ip-range[0] is not a valid cidr: "10.0.0.0"`, func(o *Options) { o.Services.ClusterIPRange = "10.0.0.0" }},
		{"--service-cluster-ip-range must not contain more than two entries", func(o *Options) { o.Services.ClusterIPRange = "10.0.0.0/24,fd00::/112,10.1.0.0/24" }},
		{"must be of different IP family", func(o *Options) { o.Services.ClusterIPRange = "10.0.0.0/24,10.1.0.0/24" }},
		{"--service-cluster-ip-range is too large; for 128-bit addresses, the mask must be >= 64", func(o *Options) { o.Services.ClusterIPRange = "fd00::/63" }},
		{"the service cluster IP range must be at least 8 IP addresses", func(o *Options) { o.Services.ClusterIPRange = "10.0.0.0/30" }},
		{"--service-node-port-range must not be empty", func(o *Options) { o.Services.NodePorts.Size = 0 }},
		{"--endpoint-reconciler-type must be one of lease, master-count, none", func(o *Options) { o.Services.EndpointReconciler = "zookeeper" }},
		{"--kubernetes-service-node-port 65536 must be between 0 and 65535", func(o *Options) { o.Services.KubernetesNodePort = 65536 }},
		{"kubernetes service node port range 30000-32767 doesn't contain 80", func(o *Options) { o.Services.KubernetesNodePort = 80 }},
		{"--coordinated-leadership-lease-duration must be greater than --coordinated-leadership-renew-deadline",
			func(o *Options) { o.Leadership.LeaseDuration = 10 * time.Second }},
		{"--coordinated-leadership-renew-deadline must be greater than --coordinated-leadership-retry-period",
			func(o *Options) { o.Leadership.RenewDeadline = 2 * time.Second }},
		{"--storage-media-type", func(o *Options) { o.Etcd.DefaultStorageMediaType = "text/plain" }},
	} {
		o := New()
		test.set(o)
		completed, err := o.Complete()
		if err == nil {
			err = completed.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), test.flag) {
			t.Errorf("error %v does not name %s", err, test.flag)
		}
	}
}
