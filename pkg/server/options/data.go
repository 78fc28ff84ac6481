package options

import (
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/spf13/pflag"
)

// DataOptions say where the server keeps what it was not given: its etcd, its
// certificates and the administrator's kubeconfig.
type DataOptions struct {
	// Dir is the data directory.
	Dir string
	// EtcdClientURL, if set, opens the embedded etcd to other clients.
	EtcdClientURL string
	// EtcdNoSync trades durability for speed.
	EtcdNoSync bool
}

// AddFlags adds the flags that kube-apiserver does not have.
func (o *DataOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Dir, "data-dir", o.Dir, "Directory for the embedded etcd, the certificates made at the first start and the administrator's kubeconfig.")
	fs.StringVar(&o.EtcdClientURL, "embedded-etcd-listen-client-url", o.EtcdClientURL, ""+
		"URL, such as http://127.0.0.1:2379, on which the embedded etcd serves other clients, for example etcdctl. "+
		"It has no authentication. Empty: no port is opened.")
	fs.BoolVar(&o.EtcdNoSync, "embedded-etcd-unsafe-no-fsync", o.EtcdNoSync, ""+
		"Do not wait for the disk on writes. Acknowledged writes are lost when the machine crashes. For tests.")
}

// Validate returns the mistakes in the flags.
func (o *DataOptions) Validate() (errs []error) {
	if o.Dir == "" {
		errs = append(errs, fmt.Errorf("--data-dir must not be empty"))
	}
	if o.EtcdClientURL != "" {
		if u, err := url.Parse(o.EtcdClientURL); err != nil || u.Scheme != "http" || u.Port() == "" {
			errs = append(errs, fmt.Errorf("--embedded-etcd-listen-client-url %q must be a URL such as http://127.0.0.1:2379", o.EtcdClientURL))
		}
	}
	return errs
}

func (o *DataOptions) etcdFlagsSet() bool { return o.EtcdClientURL != "" || o.EtcdNoSync }

// Path returns the path of a file in the data directory.
func (o *DataOptions) Path(elements ...string) string {
	return filepath.Join(append([]string{o.Dir}, elements...)...)
}
