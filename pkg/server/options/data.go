package options

import (
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
)

// DataOptions contains the flags of the data directory, in which the server
// keeps its embedded etcd, the certificates that it creates, and the
// administrator's kubeconfig.
type DataOptions struct {
	// Dir is the data directory.
	Dir string
	// EtcdClientURL, if not empty, is a URL on which the embedded etcd serves
	// other clients.
	EtcdClientURL string
	// EtcdNoSync skips fsync in the embedded etcd: writes are faster, but can
	// be lost when the machine crashes.
	EtcdNoSync bool
	// EtcdQuotaBytes is the size of the embedded etcd's database in bytes from
	// which on writes are refused.
	EtcdQuotaBytes int64
}

// AddFlags adds these flags. kube-apiserver does not have them.
func (o *DataOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Dir, "data-dir", o.Dir, "Directory for the embedded etcd, the certificates that the first start creates, and the administrator's kubeconfig.")
	fs.StringVar(&o.EtcdClientURL, "embedded-etcd-listen-client-url", o.EtcdClientURL, ""+
		"URL, such as http://127.0.0.1:2379, on which the embedded etcd serves other clients, for example etcdctl. "+
		"It has no authentication. By default no port is opened.")
	fs.BoolVar(&o.EtcdNoSync, "embedded-etcd-unsafe-no-fsync", o.EtcdNoSync, ""+
		"Do not wait until writes are on disk. Acknowledged writes can be lost when the machine crashes. Meant for tests.")
	fs.Int64Var(&o.EtcdQuotaBytes, "embedded-etcd-quota-backend-bytes", o.EtcdQuotaBytes, ""+
		"Size of the embedded etcd's database, in bytes, from which on writes are refused. Raising it needs a restart.")
}

// Validate returns an error for each invalid flag.
func (o *DataOptions) Validate() (errs []error) {
	if o.Dir == "" {
		errs = append(errs, fmt.Errorf("--data-dir must not be empty"))
	}
	if o.EtcdQuotaBytes <= 0 {
		errs = append(errs, fmt.Errorf("--embedded-etcd-quota-backend-bytes must be greater than 0, not %d", o.EtcdQuotaBytes))
	}
	if o.EtcdClientURL != "" {
		if u, err := url.Parse(o.EtcdClientURL); err != nil || u.Scheme != "http" || u.Port() == "" {
			errs = append(errs, fmt.Errorf("--embedded-etcd-listen-client-url %q must be a URL such as http://127.0.0.1:2379", o.EtcdClientURL))
		}
	}
	return errs
}

func (o *DataOptions) etcdFlagsSet() bool {
	return o.EtcdClientURL != "" || o.EtcdNoSync || o.EtcdQuotaBytes != storage.DefaultQuotaBytes
}

// Path returns the path of a file in the data directory.
func (o *DataOptions) Path(elements ...string) string {
	return filepath.Join(append([]string{o.Dir}, elements...)...)
}
