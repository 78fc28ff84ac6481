package storage

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/client-go/util/cert"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// TestClientURLShowsOnlyEtcd reads what etcd serves over HTTP besides its API.
func TestClientURLShowsOnlyEtcd(t *testing.T) {
	ofTheServer := prometheus.NewGauge(prometheus.GaugeOpts{Name: "gatehouse_secret"})
	prometheus.MustRegister(ofTheServer)
	defer prometheus.Unregister(ofTheServer)
	url := "http://" + freeAddress(t)
	etcd := start(t, EtcdConfig{Dir: t.TempDir(), NoSync: true, ClientURL: url})
	defer etcd.Close()

	code, body := fetch(t, http.DefaultClient, url+"/metrics")
	if code != http.StatusOK || !strings.Contains(body, "\netcd_server_has_leader") {
		t.Errorf("/metrics answers %d without the metrics of etcd: %.200s", code, body)
	}
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "etcd_") && !strings.HasPrefix(line, "grpc_server_") {
			t.Errorf("/metrics has %s", line)
		}
	}
	if code, body := fetch(t, http.DefaultClient, url+"/debug/vars"); code != http.StatusNotFound {
		t.Errorf("/debug/vars answers %d: %.200s", code, body)
	}
	if code, body := fetch(t, http.DefaultClient, url+"/health"); code != http.StatusOK {
		t.Errorf("/health answers %d: %s", code, body)
	}
}

func fetch(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// TestClientURLWithTLS connects with several client certificates.
func TestClientURLWithTLS(t *testing.T) {
	own, strangers := makeKeys(t), makeKeys(t)
	url := "https://" + freeAddress(t)
	etcd := start(t, EtcdConfig{Dir: t.TempDir(), NoSync: true, ClientURL: url,
		CertFile: own.Serving.CertFile, KeyFile: own.Serving.KeyFile, TrustedCAFile: own.CA.CertFile})
	defer etcd.Close()
	for _, test := range []struct {
		name   string
		client pki.Pair
		served bool
	}{
		{"certificate of the CA", own.Admin, true},
		{"certificate of another CA", strangers.Admin, false},
		{"no certificate", pki.Pair{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			roots, err := cert.NewPool(own.CA.CertFile)
			if err != nil {
				t.Fatal(err)
			}
			config := &tls.Config{RootCAs: roots}
			if test.client.CertFile != "" {
				pair, err := tls.LoadX509KeyPair(test.client.CertFile, test.client.KeyFile)
				if err != nil {
					t.Fatal(err)
				}
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
			}
			answer, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: config.Clone()}}).Get(url + "/metrics")
			if (err == nil) != test.served {
				t.Errorf("HTTP: %v", err)
			}
			if err == nil {
				_ = answer.Body.Close()
			}
			client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, TLS: config, Logger: zap.NewNop()})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			limit := 30 * time.Second
			if !test.served {
				limit = 2 * time.Second // the client would try for ever
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			if _, err := client.Put(ctx, "/a", "1"); (err == nil) != test.served {
				t.Errorf("API: %v", err)
			}
		})
	}
}

// TestClientURLFiles checks that an error names the flag of the file.
func TestClientURLFiles(t *testing.T) {
	keys, bad := makeKeys(t), filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := EtcdConfig{ClientURL: "https://" + freeAddress(t), CertFile: keys.Serving.CertFile, KeyFile: keys.Serving.KeyFile, TrustedCAFile: keys.CA.CertFile}
	for _, test := range []struct {
		name, flag string
		change     func(*EtcdConfig)
	}{
		{"bad certificate", "--embedded-etcd-cert-file", func(c *EtcdConfig) { c.CertFile = bad }},
		{"no key", "--embedded-etcd-key-file", func(c *EtcdConfig) { c.KeyFile = "/no/such/key" }},
		{"another key", "--embedded-etcd-key-file", func(c *EtcdConfig) { c.KeyFile = keys.CA.KeyFile }},
		{"bad CA", "--embedded-etcd-trusted-ca-file", func(c *EtcdConfig) { c.TrustedCAFile = bad }},
	} {
		c := good
		c.Dir = t.TempDir()
		test.change(&c)
		if etcd, err := startReady(t, c); err == nil || !strings.Contains(err.Error(), test.flag) {
			t.Errorf("%s: %v, %v", test.name, etcd, err)
		}
	}
}

func makeKeys(t *testing.T) *pki.PKI {
	t.Helper()
	keys, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
