package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/util/keyutil"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// certificateDir is a directory with the certificates and keys of a cluster, as a
// tool makes them that sets it up. A pair has the name NAME and the files NAME.crt
// and NAME.key.
type certificateDir struct {
	t   testing.TB
	dir string
}

func newCertificateDir(t testing.TB) certificateDir { return certificateDir{t, t.TempDir()} }

func (d certificateDir) path(name string) string { return filepath.Join(d.dir, name) }

func (d certificateDir) pair(name string) pki.Pair {
	return pki.Pair{CertFile: d.path(name + ".crt"), KeyFile: d.path(name + ".key")}
}

// make signs a certificate with the CA, or with its own key if there is none.
func (d certificateDir) make(name, ca string, template *x509.Certificate) {
	d.t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	template.KeyUsage |= x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	template.BasicConstraintsValid = true
	parent := pki.Pair{}
	if ca != "" {
		parent = d.pair(ca)
	}
	made, to := issue(d.t, parent, template), d.pair(name)
	testutil.Check(d.t, os.MkdirAll(filepath.Dir(to.CertFile), 0o700))
	testutil.Check(d.t, os.Rename(made.CertFile, to.CertFile))
	testutil.Check(d.t, os.Rename(made.KeyFile, to.KeyFile))
}

func (d certificateDir) authority(name, commonName string) {
	d.t.Helper()
	d.make(name, "", &x509.Certificate{Subject: pkix.Name{CommonName: commonName}, IsCA: true, KeyUsage: x509.KeyUsageCertSign})
}

// server makes a certificate for a server, which is one for a client as well: the
// members of an etcd cluster have one for both.
func (d certificateDir) server(name, ca, commonName string, hosts ...string) {
	d.t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: commonName},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	d.make(name, ca, template)
}

func (d certificateDir) user(name, ca, user string, groups ...string) {
	d.t.Helper()
	d.make(name, ca, &x509.Certificate{Subject: pkix.Name{CommonName: user, Organization: groups}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// accountKey makes an RSA key, NAME.key with its public half in NAME.pub.
func (d certificateDir) accountKey(name string) {
	d.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	testutil.Check(d.t, err)
	private, err := keyutil.MarshalPrivateKeyToPEM(key)
	testutil.Check(d.t, err)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	testutil.Check(d.t, err)
	testutil.Check(d.t, os.WriteFile(d.path(name+".key"), private, 0o600))
	testutil.Check(d.t, os.WriteFile(d.path(name+".pub"), pem.EncodeToMemory(&pem.Block{Type: keyutil.PublicKeyBlockType, Bytes: der}), 0o600))
}

// config returns the configuration of a client that trusts the CA. Without a name it
// has no credentials.
func (d certificateDir) config(host, ca, name string) *restclient.Config {
	config := &restclient.Config{Host: "https://" + host, QPS: -1, TLSClientConfig: restclient.TLSClientConfig{CAFile: d.pair(ca).CertFile}}
	if name != "" {
		config.CertFile, config.KeyFile = d.pair(name).CertFile, d.pair(name).KeyFile
	}
	return config
}

// launchPlainEtcd starts etcd by its name, without TLS, and returns its URL.
func launchPlainEtcd(t testing.TB, assets string) (url string) {
	t.Helper()
	url = "http://" + freeAddress(t)
	launchNamed(t, assets, "etcd", "--data-dir="+t.TempDir(), "--listen-client-urls="+url, "--advertise-client-urls="+url,
		"--listen-peer-urls=http://localhost:0", "--unsafe-no-fsync=true")
	eventually(t, "etcd is healthy", func() bool {
		r, err := http.Get(url + "/health")
		if err == nil {
			r.Body.Close()
		}
		return err == nil && r.StatusCode == http.StatusOK
	})
	return url
}

// await waits until a path answers 200, and returns its body.
func await(t testing.TB, p *process, config *restclient.Config, path string) (body string) {
	t.Helper()
	client := kubernetes.NewForConfigOrDie(config)
	eventually(t, path+" answers", func() bool {
		select {
		case <-p.exited:
			t.Fatalf("the server ended: %s", p.stderr.String())
		default:
		}
		data, err := client.RESTClient().Get().AbsPath(path).DoRaw(t.Context())
		body = string(data)
		return err == nil
	})
	return body
}

// stops ends a process with SIGTERM, as all callers do.
func stops(t testing.TB, p *process) {
	t.Helper()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.stderr.String())
	}
}
