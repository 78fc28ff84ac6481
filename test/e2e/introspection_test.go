package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestIntrospection checks what the server tells about itself: its flags, its
// status and where its OpenAPI documents are.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	for _, c := range []struct {
		path, accept, contentType string
		contains                  []string
	}{
		{"/flagz", "text/plain", "text/plain; charset=utf-8", []string{"apiserver flagz", "authorization-mode", "[Node,RBAC]", "event-ttl", "1h0m0s"}},
		{"/flagz", "application/json;v=v1beta1;g=config.k8s.io;as=Flagz", "application/json;g=config.k8s.io;v=v1beta1;as=Flagz",
			[]string{`"kind":"Flagz"`, `"authorization-mode":"[Node,RBAC]"`, `"event-ttl":"1h0m0s"`}},
		{"/statusz", "text/plain", "text/plain; charset=utf-8",
			[]string{"apiserver statusz", "1.37.2", "/flagz /healthz /livez /metrics /readyz /statusz /version"}},
		{"/statusz", "application/json;v=v1beta1;g=config.k8s.io;as=Statusz", "application/json;g=config.k8s.io;v=v1beta1;as=Statusz",
			[]string{`"binaryVersion":"1.37.2"`, `"emulationVersion":"1.37"`}},
		{"/openapi/v3", "", "text/plain; charset=utf-8", []string{`{"paths":{`, "/openapi/v3/api/v1?hash="}},
		{"/openapi/v3/version", "", "application/json", []string{`"info":{"title":"Kubernetes","version":"1.37"}`}},
	} {
		got := send(t, s.Config, request{path: c.path, headers: []string{"Accept", c.accept}})
		if got.code != 200 || got.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s as %q: %d %s", c.path, c.accept, got.code, got.header.Get("Content-Type"))
		}
		for _, text := range c.contains {
			if !strings.Contains(string(got.body), text) {
				t.Errorf("%s as %q without %s: %.2000s", c.path, c.accept, text, got.body)
			}
		}
	}
	var index metav1.RootPaths
	testutil.Check(t, json.Unmarshal(send(t, s.Config, request{path: "/"}).body, &index))
	if all := strings.Join(index.Paths, " "); !strings.Contains(all, "/flagz") || strings.Count(all, "/statusz") != 1 {
		t.Errorf("index: %s", all)
	}
}

// TestIdentityLease checks that a server has a lease while it runs.
func TestIdentityLease(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := testserver.New(t.Context(), testserver.Options{DataDir: dir})
	testutil.Check(t, err)
	leases := func(s *testserver.Server) []string {
		list, err := kubernetes.NewForConfigOrDie(s.Config).CoordinationV1().Leases("kube-system").List(t.Context(),
			metav1.ListOptions{LabelSelector: "apiserver.kubernetes.io/identity=kube-apiserver,kubernetes.io/hostname"})
		testutil.Check(t, err)
		var holders []string
		for _, lease := range list.Items {
			if !strings.HasPrefix(*lease.Spec.HolderIdentity, lease.Name+"_") || *lease.Spec.LeaseDurationSeconds != 3600 {
				t.Errorf("lease %+v", lease)
			}
			holders = append(holders, *lease.Spec.HolderIdentity)
		}
		return holders
	}
	eventually(t, "the server has a lease", func() bool { return len(leases(s)) == 1 })
	before := leases(s)[0]
	testutil.Check(t, s.Stop())
	s, err = testserver.New(t.Context(), testserver.Options{DataDir: dir})
	testutil.Check(t, err)
	eventually(t, "the server has another lease after a restart", func() bool {
		now := leases(s)
		return len(now) == 1 && now[0] != before
	})
	testutil.Check(t, s.Stop())
}
