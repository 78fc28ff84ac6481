package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// lockDataDir creates the data directory and locks it, so that no other process
// uses it. It refuses a directory that other users can read or change: what is in
// it decides whom the server trusts.
func lockDataDir(o *options.DataOptions) (*flock.Flock, error) {
	if err := pki.MakePrivate(o.Dir); err != nil {
		if failed := new(fs.PathError); errors.As(err, &failed) {
			err = fmt.Errorf("%w (choose a directory that can be written)", err)
		}
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	if err := pki.CheckPrivate(o.Path("etcd")); err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	lock := flock.New(o.Path("lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("--data-dir: %w (choose a directory that can be written)", err)
	}
	if !locked {
		return nil, fmt.Errorf("--data-dir %s is in use by another server: stop it, or choose another directory", o.Dir)
	}
	return lock, nil
}

// writeKubeconfig writes the administrator's kubeconfig. It is called at the
// start, and when the certificates have been renewed. Certificates are embedded in
// the file, so that it can be copied to another place.
func (s *Server) writeKubeconfig() error {
	keys := s.base.keys
	ca, caErr := os.ReadFile(rootCAFile(s.base))
	cert, certErr := os.ReadFile(keys.Admin.CertFile)
	key, keyErr := os.ReadFile(keys.Admin.KeyFile)
	if err := errors.Join(caErr, certErr, keyErr); err != nil {
		return fmt.Errorf("administrator's kubeconfig: %w", err)
	}
	const name = "gatehouse"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: s.URL, CertificateAuthorityData: ca}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("administrator's kubeconfig: %w", err)
	}
	return pki.WriteFile(s.Kubeconfig, data)
}

// rootCAFile returns the file with the certificates that verify the server: the CA or, if
// a flag names another serving certificate, that certificate itself, because its CA is
// not known.
func rootCAFile(b *base) string {
	if cert := b.options.SecureServing.ServerCert.CertKey; b.keys == nil || cert.CertFile != b.keys.Serving.CertFile {
		return cert.CertFile
	}
	return b.keys.CA.CertFile
}
