package options

import (
	"net"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// NameDefault is a default that depends on the name by which the binary is
// called.
type NameDefault struct {
	// Flag is the name of the flag.
	Flag string
	// Gatehouse and KubeAPIServer are the values that are in force without the
	// flag, by either name. The second one is kube-apiserver's.
	Gatehouse, KubeAPIServer string
	// Reason says why Gatehouse's own default differs.
	Reason string

	set func(*Options)
}

// Required is the KubeAPIServer value of a flag without which the server does
// not start by that name.
const Required = "required"

// NameDefaults returns the defaults that depend on the name, by flag. All other
// flags of kube-apiserver have its defaults by either name.
func NameDefaults() []NameDefault {
	return []NameDefault{
		{"allow-privileged", "true", "false", "tools that set up test clusters all set it", func(o *Options) { o.AllowPrivileged = false }},
		{"authorization-mode", "Node,RBAC", authorization.ModeAlwaysAllow, "kube-apiserver's lets everybody with an identity do everything",
			func(o *Options) { o.Authorization.defaultModes = []string{authorization.ModeAlwaysAllow} }},
		{"bind-address", "127.0.0.1", "0.0.0.0", "nobody else on the network can connect before somebody wants it",
			func(o *Options) { o.SecureServing.BindAddress = net.IPv4zero }},
		{"cert-dir", "", "/var/run/kubernetes", "the certificates are in the data directory",
			func(o *Options) { o.SecureServing.ServerCert.CertDirectory = "/var/run/kubernetes" }},
		{"controllers", "*", "", "controllers are the part of kube-controller-manager; without them no namespace would go away",
			func(o *Options) { o.Controllers = nil }},
		{"data-dir", DefaultDataDir, "", "kube-apiserver keeps nothing: etcd is another process, and its certificates and keys are named by flags",
			func(o *Options) { o.Data.Dir = "" }},
		{"etcd-servers", "", Required, "etcd runs in the process", func(o *Options) { o.likeKubeAPIServer = true }},
		{"service-account-issuer", serviceaccount.DefaultIssuer, Required, "the server has a key of its own in the data directory",
			func(o *Options) { o.ServiceAccounts.required = true }},
		{"service-account-key-file", "pki/sa.pub in --data-dir", Required, "likewise", nil},
		{"service-account-signing-key-file", "pki/sa.key in --data-dir", Required, "likewise", nil},
	}
}

// UseKubeAPIServerDefaults sets the defaults that kube-apiserver has where those
// of New differ, as NameDefaults lists them. The binary uses them when it is
// called kube-apiserver. It must be called before Flags.
func (o *Options) UseKubeAPIServerDefaults() {
	for _, d := range NameDefaults() {
		if d.set != nil {
			d.set(o)
		}
	}
}
