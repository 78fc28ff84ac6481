package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// auditPolicy returns the flag of a policy that logs what the administrator does
// with config maps, in all stages but those to be omitted.
func auditPolicy(t testing.TB, omit ...string) string {
	t.Helper()
	return "--audit-policy-file=" + file(t, "policy.yaml", `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [`+strings.Join(omit, ", ")+`]
rules:
- level: RequestResponse
  users: [kubernetes-admin]
  resources: [{group: "", resources: [configmaps]}]
- level: None
`)
}

// auditReceiver is the server of an audit webhook. It can be made to fail.
type auditReceiver struct {
	*httptest.Server

	mu      sync.Mutex
	batches [][]string
	failure int
}

func newAuditReceiver(t testing.TB) *auditReceiver {
	r := &auditReceiver{}
	r.Server = httptest.NewTLSServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP takes a list of events.
func (r *auditReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var list auditv1.EventList
	if err := json.NewDecoder(q.Body).Decode(&list); err != nil || list.Kind != "EventList" || list.APIVersion != "audit.k8s.io/v1" {
		http.Error(w, "this is no list of events", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != 0 {
		http.Error(w, "down", r.failure)
		return
	}
	r.batches = append(r.batches, created(list.Items))
}

// fail makes the server answer with this code, or work again if it is 0.
func (r *auditReceiver) fail(code int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = code
}

// received returns the names of the objects of each batch that came.
func (r *auditReceiver) received() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.batches)
}

// kubeconfig returns the flag of a file that says where the webhook is.
func (r *auditReceiver) kubeconfig(t testing.TB) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["audit"] = &clientcmdapi.Cluster{Server: r.URL, CertificateAuthorityData: certificatePEM(r.Server)}
	config.Contexts["audit"] = &clientcmdapi.Context{Cluster: "audit"}
	config.CurrentContext = "audit"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	testutil.Check(t, clientcmd.WriteToFile(*config, path))
	return "--audit-webhook-config-file=" + path
}

// created returns the names of the objects that events are about.
func created(events []auditv1.Event) (names []string) {
	for _, event := range events {
		names = append(names, event.ObjectRef.Name)
	}
	return names
}

// auditLog reads the events of a log.
func auditLog(t testing.TB, path string) (events []auditv1.Event) {
	t.Helper()
	text, err := os.ReadFile(path)
	if !os.IsNotExist(err) {
		testutil.Check(t, err)
	}
	for line := range strings.Lines(string(text)) {
		var event auditv1.Event
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%s: %.100s: %v", path, line, err)
		}
		events = append(events, event)
	}
	return events
}

// startToStop is testserver.Start for a server that the test stops itself.
func startToStop(t testing.TB, args ...string) *testserver.Server {
	t.Helper()
	s, err := testserver.New(t.Context(), testserver.Options{Flags: args})
	testutil.Check(t, err)
	t.Cleanup(func() { _ = s.Stop() }) // the test reads the error
	return s
}

// createSized creates a config map with so many bytes of data.
func createSized(t testing.TB, s *testserver.Server, name string, size int) {
	t.Helper()
	c := kubernetes.NewForConfigOrDie(s.Config)
	_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap(name, "data", strings.Repeat("x", size)), metav1.CreateOptions{})
	testutil.Check(t, err)
}
