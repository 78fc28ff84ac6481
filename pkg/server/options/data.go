package options

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
)

// DefaultDataDir is the data directory without --data-dir.
const DefaultDataDir = ".gatehouse"

// DataOptions contains the flags of the data directory, in which the server
// keeps its embedded etcd, the certificates that it creates, and the
// administrator's kubeconfig.
type DataOptions struct {
	// Dir is the data directory.
	Dir string
	// EtcdClientURL, if not empty, is a URL on which the embedded etcd serves
	// other clients.
	EtcdClientURL string
	// EtcdCertFile, EtcdKeyFile and EtcdTrustedCAFile are needed if that URL is
	// an https URL: the serving certificate and its key, and the CA of the
	// certificates that clients must have.
	EtcdCertFile, EtcdKeyFile, EtcdTrustedCAFile string
	// EtcdNoSync skips fsync in the embedded etcd: writes are faster, but can
	// be lost when the machine crashes.
	EtcdNoSync bool
	// EtcdQuotaBytes is the size of the embedded etcd's database in bytes from
	// which on writes are refused.
	EtcdQuotaBytes int64

	dirFlag *pflag.Flag
}

// AddFlags adds these flags. kube-apiserver does not have them.
func (o *DataOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Dir, "data-dir", o.Dir, ""+
		"Directory for the embedded etcd, the certificates that the first start creates, and the administrator's kubeconfig. Other users must have no access. "+
		"The default is in the working directory or, if --cert-dir is set, in that directory.")
	o.dirFlag = fs.Lookup("data-dir")
	fs.StringVar(&o.EtcdClientURL, "embedded-etcd-listen-client-url", o.EtcdClientURL, ""+
		"URL, such as http://127.0.0.1:2379, on which the embedded etcd serves other clients, for example etcdctl. "+
		"Without TLS there is no authentication, so an http URL must have a loopback address. By default no port is opened.")
	fs.StringVar(&o.EtcdCertFile, "embedded-etcd-cert-file", o.EtcdCertFile, ""+
		"Serving certificate of the embedded etcd, for an https URL in --embedded-etcd-listen-client-url.")
	fs.StringVar(&o.EtcdKeyFile, "embedded-etcd-key-file", o.EtcdKeyFile, "Private key of --embedded-etcd-cert-file.")
	fs.StringVar(&o.EtcdTrustedCAFile, "embedded-etcd-trusted-ca-file", o.EtcdTrustedCAFile, ""+
		"CA of the client certificates that the embedded etcd accepts at an https URL. A client with such a certificate may do everything.")
	fs.BoolVar(&o.EtcdNoSync, "embedded-etcd-unsafe-no-fsync", o.EtcdNoSync, ""+
		"Do not wait until writes are on disk. Acknowledged writes can be lost when the machine crashes. Meant for tests.")
	fs.Int64Var(&o.EtcdQuotaBytes, "embedded-etcd-quota-backend-bytes", o.EtcdQuotaBytes, ""+
		"Size of the embedded etcd's database, in bytes, from which on writes are refused. Raising it needs a restart.")
}

// complete moves the default data directory below certDir, if that is set. So a
// server with certificates of its own keeps its data apart as well, as tools that
// start several servers in one working directory expect.
func (o *DataOptions) complete(certDir string) {
	if certDir != "" && o.Dir == DefaultDataDir && !o.chosen() {
		o.Dir = filepath.Join(certDir, DefaultDataDir)
	}
}

// chosen reports whether the command line names a data directory.
func (o *DataOptions) chosen() bool { return o.dirFlag != nil && o.dirFlag.Changed }

// Validate returns an error for each invalid flag.
func (o *DataOptions) Validate() (errs []error) {
	if o.Dir == "" {
		errs = append(errs, fmt.Errorf("--data-dir must not be empty"))
	}
	if o.EtcdQuotaBytes <= 0 {
		errs = append(errs, fmt.Errorf("--embedded-etcd-quota-backend-bytes must be greater than 0, not %d", o.EtcdQuotaBytes))
	}
	if err := o.validateEtcdClientURL(); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// validateEtcdClientURL refuses a URL at which everybody on the network could
// read and write everything.
func (o *DataOptions) validateEtcdClientURL() error {
	const name = "--embedded-etcd-listen-client-url"
	u, err := url.Parse(o.EtcdClientURL)
	switch files := []string{o.EtcdCertFile, o.EtcdKeyFile, o.EtcdTrustedCAFile}; {
	case o.EtcdClientURL == "" && strings.Join(files, "") == "":
		return nil
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Port() == "" || !isAddress(u.Hostname()):
		return fmt.Errorf("%s %q must be a URL with an IP address and a port, such as http://127.0.0.1:2379", name, o.EtcdClientURL)
	case u.Scheme == "https" && slices.Contains(files, ""):
		return fmt.Errorf("%s %s needs --embedded-etcd-cert-file, --embedded-etcd-key-file and --embedded-etcd-trusted-ca-file", name, u)
	case u.Scheme == "http" && strings.Join(files, "") != "":
		return fmt.Errorf("%s %s must be an https URL: --embedded-etcd-cert-file, --embedded-etcd-key-file and --embedded-etcd-trusted-ca-file are set", name, u)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fmt.Errorf("%s %s would let everybody on the network read and change everything: use a loopback address, or an https URL with "+
			"--embedded-etcd-cert-file, --embedded-etcd-key-file and --embedded-etcd-trusted-ca-file", name, u)
	}
	return nil
}

func isAddress(host string) bool { return host == "localhost" || net.ParseIP(host) != nil }

func isLoopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

func (o *DataOptions) etcdFlagsSet() bool {
	return o.EtcdClientURL != "" || o.EtcdNoSync || o.EtcdQuotaBytes != storage.DefaultQuotaBytes ||
		o.EtcdCertFile != "" || o.EtcdKeyFile != "" || o.EtcdTrustedCAFile != ""
}

// Path returns the path of a file in the data directory.
func (o *DataOptions) Path(elements ...string) string {
	return filepath.Join(append([]string{o.Dir}, elements...)...)
}

// Kubeconfig returns the path of the administrator's kubeconfig.
func (o *DataOptions) Kubeconfig() string { return o.Path("admin.kubeconfig") }
