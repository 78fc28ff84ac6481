package testserver_test

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// freeAddress returns an address on which nothing listened when it was chosen.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// seesWrites creates an object through one server, and reads, lists and watches
// it through another one on the same etcd.
func seesWrites(t *testing.T, writer, reader *testserver.Server) {
	t.Helper()
	ctx := t.Context()
	to := kubernetes.NewForConfigOrDie(writer.Config).CoreV1().ConfigMaps("default")
	from := kubernetes.NewForConfigOrDie(reader.Config).CoreV1().ConfigMaps("default")
	watch, err := from.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	if _, err := to.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "shared"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := from.Get(ctx, "shared", metav1.GetOptions{}); err != nil {
		t.Errorf("get: %v", err)
	}
	if list, err := from.List(ctx, metav1.ListOptions{}); err != nil || len(list.Items) != 1 {
		t.Errorf("consistent list: %v, %v", list.Items, err)
	}
	raw, err := kubernetes.NewForConfigOrDie(reader.Config).CoreV1().RESTClient().Get().AbsPath("/api/v1/configmaps").DoRaw(ctx)
	if err != nil || !strings.Contains(string(raw), "shared") || strings.Contains(string(raw), `"kind":"ConfigMap"`) {
		t.Errorf("the items of a list have a kind, which kube-apiserver leaves out: %s, %v", raw, err)
	}
	select {
	case event := <-watch.ResultChan():
		if c, ok := event.Object.(*corev1.ConfigMap); !ok || c.Name != "shared" {
			t.Errorf("watch: %v", event)
		}
	case <-time.After(10 * time.Second):
		t.Error("watch: no event")
	}
}

// reportsEtcd checks that a server reports the health of its only etcd.
func reportsEtcd(t *testing.T, s *testserver.Server) {
	t.Helper()
	etcd, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ComponentStatuses().Get(t.Context(), "etcd-0", metav1.GetOptions{})
	if err != nil || len(etcd.Conditions) != 1 || etcd.Conditions[0].Status != corev1.ConditionTrue {
		t.Errorf("etcd-0: %v, %v", etcd, err)
	}
}

func TestReplicasShareAnEmbeddedEtcd(t *testing.T) {
	etcd := "http://" + freeAddress(t)
	first := testserver.Start(t, testserver.Options{Controllers: []string{}, Flags: []string{"--embedded-etcd-listen-client-url=" + etcd}})
	second, err := testserver.New(t.Context(), testserver.Options{Flags: []string{"--etcd-servers=" + etcd}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := second.Stop(); err != nil {
			t.Error(err)
		}
	}()
	seesWrites(t, first, second)
	reportsEtcd(t, first)
	reportsEtcd(t, second)
}

func TestExternalEtcdWithTLS(t *testing.T) {
	keys, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	address := url.URL{Scheme: "https", Host: freeAddress(t)}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel, cfg.UnsafeNoFsync = t.TempDir(), "fatal", true
	cfg.ListenPeerUrls, cfg.ListenClientUrls, cfg.AdvertiseClientUrls = nil, []url.URL{address}, []url.URL{address}
	cfg.ClientTLSInfo = transport.TLSInfo{CertFile: keys.Serving.CertFile, KeyFile: keys.Serving.KeyFile, ClientCertAuth: true, TrustedCAFile: keys.CA.CertFile}
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer etcd.Close()
	<-etcd.Server.ReadyNotify()

	flags := []string{"--etcd-servers=" + address.String(), "--etcd-cafile=" + keys.CA.CertFile,
		"--etcd-certfile=" + keys.Admin.CertFile, "--etcd-keyfile=" + keys.Admin.KeyFile, "--etcd-prefix=/elsewhere"}
	server, err := testserver.New(t.Context(), testserver.Options{Flags: append(flags, "--data-dir="+t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	}()
	seesWrites(t, server, server)
	reportsEtcd(t, server)
	if got := etcd.Server.KV().Rev(); got < 10 {
		t.Errorf("etcd is at revision %d: the server writes elsewhere", got)
	}
}

// TestSmallSegments shows that a server takes little room on the disk.
func TestSmallSegments(t *testing.T) {
	s := testserver.Start(t)
	segments, err := filepath.Glob(filepath.Join(s.DataDir, "etcd", "member", "wal", "*.wal"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("segments: %v, %v", segments, err)
	}
	for _, segment := range segments {
		info, err := os.Stat(segment)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 5_000_000 {
			t.Errorf("%s has %d bytes", segment, info.Size())
		}
	}
}
