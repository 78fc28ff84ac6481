package options

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
)

// KubeletOptions contains the flags for connections to kubelets: for logs, exec,
// attach, port-forward and the proxy to nodes.
type KubeletOptions struct {
	// AddressTypes are the types of node addresses, the preferred first.
	AddressTypes []string
	// ClientCertFile and ClientKeyFile are the certificate and key with which this
	// server authenticates itself to kubelets.
	ClientCertFile, ClientKeyFile string
	// CAFile is the authority that signed the kubelets' certificates. If it is empty,
	// they are not verified.
	CAFile string
	// Timeout is how long it may take to connect.
	Timeout time.Duration
}

func newKubeletOptions() *KubeletOptions {
	return &KubeletOptions{Timeout: 5 * time.Second, AddressTypes: []string{string(corev1.NodeHostName),
		string(corev1.NodeInternalDNS), string(corev1.NodeInternalIP), string(corev1.NodeExternalDNS), string(corev1.NodeExternalIP)}}
}

// AddFlags adds kube-apiserver's flags.
func (o *KubeletOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&o.AddressTypes, "kubelet-preferred-address-types", o.AddressTypes,
		"The types of node addresses for connections to kubelets. The first that a node has is used.")
	fs.DurationVar(&o.Timeout, "kubelet-timeout", o.Timeout, "How long it may take to connect to a kubelet.")
	fs.StringVar(&o.ClientCertFile, "kubelet-client-certificate", o.ClientCertFile,
		"Client certificate with which the server authenticates itself to kubelets.")
	fs.StringVar(&o.ClientKeyFile, "kubelet-client-key", o.ClientKeyFile, "Key of --kubelet-client-certificate.")
	fs.StringVar(&o.CAFile, "kubelet-certificate-authority", o.CAFile,
		"Certificate authority of the kubelets' serving certificates. Without it, the certificates are not verified.")
}

// Types returns AddressTypes as types of the API.
func (o *KubeletOptions) Types() (types []corev1.NodeAddressType) {
	for _, t := range o.AddressTypes {
		types = append(types, corev1.NodeAddressType(t))
	}
	return types
}

// Validate returns an error for each invalid flag.
func (o *KubeletOptions) Validate() (errs []error) {
	if (o.ClientCertFile == "") != (o.ClientKeyFile == "") {
		errs = append(errs, fmt.Errorf("--kubelet-client-certificate and --kubelet-client-key must be specified together"))
	}
	if o.Timeout < 0 {
		errs = append(errs, fmt.Errorf("--kubelet-timeout must not be negative, not %v", o.Timeout))
	}
	return errs
}
