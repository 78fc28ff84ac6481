package pki

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func ensure(t *testing.T, dir string, at time.Time, hosts ...string) *PKI {
	t.Helper()
	p, err := Ensure(dir, Request{Hosts: hosts, Now: at})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEnsureMakesAndReuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	p := ensure(t, dir, now, "localhost", "127.0.0.1")
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		files[name] = read(t, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 12 {
		t.Errorf("got %d files, want 5 pairs and the service account key pair", len(files))
	}
	ensure(t, dir, now.Add(24*time.Hour), "localhost", "127.0.0.1")
	for name, data := range files {
		if read(t, name) != data {
			t.Errorf("%s was written again a day later", name)
		}
	}

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read(t, p.CA.CertFile)))
	for file, usage := range map[string]x509.ExtKeyUsage{p.Serving.CertFile: x509.ExtKeyUsageServerAuth, p.Admin.CertFile: x509.ExtKeyUsageClientAuth} {
		pair, err := tls.LoadX509KeyPair(file, strings.TrimSuffix(file, ".crt")+".key")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestEnsureRenews(t *testing.T) {
	dir := t.TempDir()
	p := ensure(t, dir, now, "localhost")
	ca, serving, admin := read(t, p.CA.CertFile), read(t, p.Serving.CertFile), read(t, p.Admin.CertFile)

	ensure(t, dir, now, "localhost", "other.example.com")
	if read(t, p.Serving.CertFile) == serving {
		t.Error("the serving certificate does not cover the new host")
	}
	if read(t, p.Admin.CertFile) != admin {
		t.Error("the client certificate was renewed without a reason")
	}
	ensure(t, dir, now.Add(leafValidity-leafValidity/lastPart+time.Hour), "localhost")
	if read(t, p.Admin.CertFile) == admin {
		t.Error("the client certificate was not renewed near its end")
	}
	if read(t, p.CA.CertFile) != ca {
		t.Error("the CA was renewed with its leaves")
	}
}

// TestServiceAccountKeysRotate replaces the key and keeps the public part of
// the old key, because its tokens are still in use.
func TestServiceAccountKeysRotate(t *testing.T) {
	p, other := ensure(t, t.TempDir(), now, "localhost"), ensure(t, t.TempDir(), now, "localhost")
	replace := func(file, data string) {
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	replace(p.ServiceAccountKey, read(t, other.ServiceAccountKey))
	if _, err := Ensure(p.dir, Request{Hosts: []string{"localhost"}, Now: now}); err == nil {
		t.Error("the public part of the new key is missing, without an error")
	}
	both := read(t, p.ServiceAccountPublicKey) + read(t, other.ServiceAccountPublicKey)
	replace(p.ServiceAccountPublicKey, both)
	ensure(t, p.dir, now, "localhost")
	if read(t, p.ServiceAccountPublicKey) != both {
		t.Error("the public keys were written again")
	}
}
