package e2e

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// stopped returns the data directory of a server that has run, and the
// administrator's configuration with its certificates in memory.
func stopped(t *testing.T) (string, *restclient.Config) {
	t.Helper()
	dir := t.TempDir()
	p, admin := serve(t, dir)
	testutil.Check(t, restclient.LoadTLSFiles(admin))
	p.signal(syscall.SIGTERM)
	p.exit()
	return dir, admin
}

// TestRightsOfOthers gives other users rights to the data directory of a stopped
// server. It must not start, and must start again when they are taken away as the
// message says.
func TestRightsOfOthers(t *testing.T) {
	t.Parallel()
	dir, _ := stopped(t)
	for _, tt := range []struct {
		name, changed string // changed is below the directory
		mode          fs.FileMode
		recursive     bool
		text          string
	}{
		{"as git clones it", "", 0o755, true, "other users can read " + dir},
		{"directory readable", "", 0o755, false, "other users can read " + dir},
		{"directory writable", "", 0o777, false, "other users can read and change " + dir},
		{"keys readable", "pki", 0o750, false, "other users can read " + dir + "/pki"},
		{"keys replaceable", "pki", 0o730, false, "other users can read and change " + dir + "/pki"},
		{"CA's key readable", "pki/ca.key", 0o644, false, "other users can read " + dir + "/pki/ca.key"},
		{"signing key writable", "pki/sa.key", 0o620, false, "other users can change " + dir + "/pki/sa.key"},
		{"CA writable", "pki/ca.crt", 0o666, false, "other users can change " + dir + "/pki/ca.crt"},
		{"etcd readable", "etcd", 0o755, false, "other users can read " + dir + "/etcd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changeModes(t, filepath.Join(dir, tt.changed), tt.recursive, func(fs.FileMode) fs.FileMode { return tt.mode })
			_, port, err := net.SplitHostPort(freeAddress(t))
			testutil.Check(t, err)
			fails(t, tt.text, "--data-dir="+dir, "--secure-port="+port)
			changeModes(t, dir, true, func(mode fs.FileMode) fs.FileMode { return mode &^ 0o077 }) // chmod -R go= dir
		})
	}
	serve(t, dir)
}

func changeModes(t *testing.T, name string, recursive bool, change func(fs.FileMode) fs.FileMode) {
	t.Helper()
	testutil.Check(t, filepath.WalkDir(name, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if path != name && !recursive {
			return fs.SkipDir
		}
		return os.Chmod(path, change(info.Mode().Perm()))
	}))
}

// TestDataDirOfTheUser starts in an empty directory that the user has made, and
// again when the server's files are in it.
func TestDataDirOfTheUser(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	testutil.Check(t, os.Mkdir(dir, 0o700))
	testutil.Check(t, os.Chmod(dir, 0o777))
	for range 2 {
		p, _ := serve(t, dir)
		p.signal(syscall.SIGTERM)
		p.exit()
	}
	testutil.Check(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	}))
}

// TestLoneKeys removes each certificate of a stopped server, as a crash between
// the two files of a pair does. The server must start with the same keys, and
// accept the kubeconfig that it has made before.
func TestLoneKeys(t *testing.T) {
	t.Parallel()
	dir, before := stopped(t)
	keys := readKeys(t, dir)
	certs, err := filepath.Glob(filepath.Join(dir, "pki", "*.crt"))
	testutil.Check(t, err)
	for _, cert := range append(certs, filepath.Join(dir, "pki", "sa.pub")) {
		t.Run(filepath.Base(cert), func(t *testing.T) {
			testutil.Check(t, os.Remove(cert))
			p, now := serve(t, dir)
			before.Host = now.Host
			if r := send(t, before, request{path: "/api/v1/secrets"}); r.code != 200 {
				t.Errorf("the kubeconfig of before is answered with %d: %s", r.code, r.body)
			}
			p.signal(syscall.SIGTERM)
			p.exit()
			for name, key := range readKeys(t, dir) {
				if keys[name] != key {
					t.Errorf("%s has been replaced", name)
				}
			}
		})
	}
}

func readKeys(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "pki", "*.key"))
	testutil.Check(t, err)
	keys := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		testutil.Check(t, err)
		keys[filepath.Base(name)] = string(data)
	}
	if len(keys) != 6 {
		t.Errorf("%d keys", len(keys))
	}
	return keys
}

// TestCANearItsEnd starts a server whose CA has a few days left. It says that it
// renews the CA, and a client that knows only the old one can connect.
func TestCANearItsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const year = 365 * 24 * time.Hour
	old, err := pki.Ensure(filepath.Join(dir, "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now().Add(-10*year + 20*24*time.Hour)})
	testutil.Check(t, err)
	ca, err := os.ReadFile(old.CA.CertFile)
	testutil.Check(t, err)
	testutil.Check(t, os.Chmod(dir, 0o700))
	p, admin := serve(t, dir)
	if text := p.stderr.String(); !strings.Contains(text, old.CA.CertFile+" expires at") || !strings.Contains(text, "renewed with the same key") {
		t.Errorf("the log does not say that the CA is renewed: %s", text)
	}
	if renewed, err := os.ReadFile(old.CA.CertFile); err != nil || string(renewed) == string(ca) {
		t.Errorf("the CA is not renewed: %v", err)
	}
	admin.CAFile, admin.CAData = "", ca
	if r := send(t, admin, request{path: "/api/v1/secrets"}); r.code != 200 {
		t.Errorf("a client that knows the old CA is answered with %d", r.code)
	}
}
