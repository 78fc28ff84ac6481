package server

import (
	"errors"
	"fmt"
	"os"

	"github.com/gofrs/flock"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// lockDataDir creates the data directory and locks it, so that no other process
// uses it.
func lockDataDir(o *options.DataOptions) (*flock.Flock, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("--data-dir: %w (choose a directory that can be written)", err)
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

// writeKubeconfig writes the administrator's kubeconfig. Certificates are
// embedded in the file, so that it can be copied to another place.
func writeKubeconfig(file, url string, ca []byte, admin pki.Pair) error {
	cert, certErr := os.ReadFile(admin.CertFile)
	key, keyErr := os.ReadFile(admin.KeyFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	const name = "gatehouse"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: url, CertificateAuthorityData: ca}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	data, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	return pki.WriteFile(file, data)
}
