package e2e

import (
	"net"
	"strconv"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// freeAddress returns an address that was free a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// etcdClient connects to an etcd without authentication.
func etcdClient(t testing.TB, url string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, DialTimeout: patience, Logger: zap.NewNop()})
	testutil.Check(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// number is a resource version as the number that it is in this server.
func number(t testing.TB, version string) int {
	t.Helper()
	n, err := strconv.Atoi(version)
	testutil.Check(t, err)
	return n
}
