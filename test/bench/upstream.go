package main

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"time"

	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// figures contains operations per second, CPU seconds of all processes per
// 1,000 operations, and the slowest of a hundred in milliseconds, if it is known.
type figures struct{ rate, cpu, p99 float64 }

// recordedStart contains the figures of kube-apiserver v1.36.3 with etcd 3.6.8
// on an idle machine with two cores. The table shows them if kube-apiserver is
// not measured.
var recordedStart = begin{
	fresh:    2600 * time.Millisecond,
	stop:     1100 * time.Millisecond,
	freshCPU: 2800 * time.Millisecond,
	memory:   memory{anonymous: 206, resident: 312},
}

// recordedLoaded is the memory of kube-apiserver and etcd with 10,000 pods.
// Anonymous memory was not recorded.
var recordedLoaded = memory{resident: 938}

// upstream starts the kube-apiserver and the etcd in a directory.
func upstream(binaries string) starter {
	return func(ctx context.Context, dir string, flags ...string) (*server, error) {
		keys, err := pki.Ensure(filepath.Join(dir, "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
		if err != nil {
			return nil, err
		}
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		etcdURL, err := freeURL()
		if err != nil {
			return nil, err
		}
		peerURL, err := freeURL()
		if err != nil {
			return nil, err
		}
		begin := time.Now()
		etcd, err := run(exec.Command(filepath.Join(binaries, "etcd"), "--data-dir="+filepath.Join(dir, "etcd"),
			"--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL, "--listen-peer-urls="+peerURL,
			"--initial-advertise-peer-urls="+peerURL, "--initial-cluster=default="+peerURL))
		if err != nil {
			return nil, err
		}
		api, err := run(exec.Command(filepath.Join(binaries, "kube-apiserver"), append(flags, "--bind-address=127.0.0.1", "--secure-port="+port,
			"--etcd-servers="+etcdURL, "--authorization-mode=Node,RBAC", "--service-cluster-ip-range=10.0.0.0/24", "--allow-privileged",
			"--client-ca-file="+keys.CA.CertFile, "--tls-cert-file="+keys.Serving.CertFile, "--tls-private-key-file="+keys.Serving.KeyFile,
			"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+keys.ServiceAccountPublicKey,
			"--service-account-signing-key-file="+keys.ServiceAccountKey)...))
		if err != nil {
			return nil, errors.Join(err, etcd.stop())
		}
		s := &server{
			processes: []*process{api, etcd},
			config: &restclient.Config{Host: "https://127.0.0.1:" + port,
				TLSClientConfig: restclient.TLSClientConfig{CAFile: keys.CA.CertFile, CertFile: keys.Admin.CertFile, KeyFile: keys.Admin.KeyFile}},
		}
		if err := s.awaitReady(ctx, begin, port); err != nil {
			return nil, errors.Join(err, s.stop())
		}
		return s, nil
	}
}

func freeURL() (string, error) {
	port, err := freePort()
	return "http://" + net.JoinHostPort("127.0.0.1", port), err
}
