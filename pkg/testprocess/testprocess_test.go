package testprocess_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testprocess"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver/setup"
)

// both runs a test with a server in this process and with one of its own.
func both(t *testing.T, test func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server)) {
	t.Run("in process", func(t *testing.T) {
		t.Parallel()
		test(t, func(t testing.TB, o setup.Options) *setup.Server { return testserver.Start(t, o).Server })
	})
	t.Run("own process", func(t *testing.T) {
		t.Parallel()
		test(t, func(t testing.TB, o setup.Options) *setup.Server { return testprocess.Start(t, o) })
	})
}

const bears = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: bears.toys.example.com}
spec:
  group: toys.example.com
  names: {kind: Bear, plural: bears}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`

var bearResource = schema.GroupVersionResource{Group: "toys.example.com", Version: "v1", Resource: "bears"}

func TestObjects(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		dir := t.TempDir()
		testutil.Check(t, os.WriteFile(filepath.Join(dir, "namespace.yaml"), []byte("apiVersion: v1\nkind: Namespace\nmetadata: {name: own}\n"), 0o600))
		bear := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "toys.example.com/v1", "kind": "Bear", "metadata": map[string]any{"name": "b", "namespace": "own"},
			"spec": map[string]any{"colour": "brown"}, "status": map[string]any{"asleep": true},
		}}
		s := start(t, setup.Options{
			CRDs: setup.Manifests{FS: fstest.MapFS{"config/crd/bears.yaml": {Data: []byte(bears)}, "README.md": {Data: []byte("# no manifest")}}},
			Objects: setup.Manifests{Paths: []string{dir}, Objects: []runtime.Object{
				bear,
				&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", UID: "of-another-cluster", ResourceVersion: "7"},
					Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.36.0"}}},
				&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "generated-"}, Data: map[string]string{"a": "b"}},
			}},
		})
		got, err := dynamic.NewForConfigOrDie(s.Config).Resource(bearResource).Namespace("own").Get(t.Context(), "b", metav1.GetOptions{})
		testutil.Check(t, err)
		if asleep, _, _ := unstructured.NestedBool(got.Object, "status", "asleep"); !asleep {
			t.Errorf("the status is %v", got.Object["status"])
		}
		client := kubernetes.NewForConfigOrDie(s.Config)
		node, err := client.CoreV1().Nodes().Get(t.Context(), "n", metav1.GetOptions{})
		testutil.Check(t, err)
		if node.Status.NodeInfo.KubeletVersion != "v1.36.0" {
			t.Errorf("the status of the node is %v", node.Status)
		}
		maps, err := client.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		if !slices.ContainsFunc(maps.Items, func(m corev1.ConfigMap) bool { return strings.HasPrefix(m.Name, "generated-") && m.Data["a"] == "b" }) {
			t.Errorf("the config maps are %v", maps.Items)
		}
	})
}

func TestUsers(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		s := start(t, setup.Options{})
		config, err := s.ConfigFor("alice", "system:masters")
		testutil.Check(t, err)
		self, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().
			Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		testutil.Check(t, err)
		if info := self.Status.UserInfo; info.Username != "alice" || strings.Join(info.Groups, " ") != "system:masters system:authenticated" {
			t.Errorf("the user is %v", info)
		}

		kubeconfig, err := s.KubeconfigFor("bob")
		testutil.Check(t, err)
		config, err = clientcmd.RESTConfigFromKubeConfig(kubeconfig)
		testutil.Check(t, err)
		_, err = kubernetes.NewForConfigOrDie(config).CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsForbidden(err) {
			t.Errorf("bob lists secrets: %v", err)
		}
		_, err = kubernetes.NewForConfigOrDie(s.Config).CoreV1().Pods("default").Create(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p"},
			Spec: corev1.PodSpec{RuntimeClassName: ptr.To("none"), AutomountServiceAccountToken: ptr.To(false),
				Containers: []corev1.Container{{Name: "c", Image: "i"}}}}, metav1.CreateOptions{})
		if !apierrors.IsForbidden(err) {
			t.Errorf("a pod of an unknown runtime class: %v", err)
		}
		await(t, "the refused requests", func() bool { return len(s.Refused()) >= 2 })
		refused := strings.Join(s.Refused(), "\n")
		for _, want := range []string{
			"refused by authorization: GET /api/v1/namespaces/default/secrets of bob: 403 Forbidden: secrets is forbidden",
			"refused by admission plugin RuntimeClass: POST /api/v1/namespaces/default/pods of kubernetes-admin: 403 Forbidden: ",
		} {
			if !strings.Contains(refused, want) {
				t.Errorf("%q is missing in\n%s", want, refused)
			}
		}
	})
}

func TestRestart(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		s := start(t, setup.Options{})
		client := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps("default")
		_, err := client.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		url := s.URL
		testutil.Check(t, s.Restart(t.Context()))
		if s.URL != url {
			t.Errorf("the URL was %s and is %s", url, s.URL)
		}
		_, err = client.Get(t.Context(), "kept", metav1.GetOptions{})
		testutil.Check(t, err)
		testutil.Check(t, s.Stop())
		if _, err := os.Stat(s.DataDir); !os.IsNotExist(err) {
			t.Errorf("the data directory after the end: %v", err)
		}
		if conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "https://")); err == nil {
			conn.Close()
			t.Error("the port is open after the end")
		}
	})
}

func TestDataDirIsKept(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		dir := filepath.Join(t.TempDir(), "data")
		s := start(t, setup.Options{DataDir: dir})
		_, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Namespaces().
			Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		testutil.Check(t, s.Stop())
		s = start(t, setup.Options{DataDir: dir})
		_, err = kubernetes.NewForConfigOrDie(s.Config).CoreV1().Namespaces().Get(t.Context(), "kept", metav1.GetOptions{})
		testutil.Check(t, err)
	})
}

func TestFields(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		s := start(t, setup.Options{Authorization: []string{"AlwaysAllow"}, DisableAdmissionPlugins: []string{"ServiceAccount"},
			EnableAdmissionPlugins: []string{"AlwaysPullImages"}, Controllers: []string{}, Flags: []string{"--event-ttl=5m"}})
		config, err := s.ConfigFor("nobody")
		testutil.Check(t, err)
		client := kubernetes.NewForConfigOrDie(config)
		pod, err := client.CoreV1().Pods("default").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i:1"}}}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		if pod.Spec.Containers[0].ImagePullPolicy != corev1.PullAlways {
			t.Errorf("the pull policy is %s", pod.Spec.Containers[0].ImagePullPolicy)
		}
		flags, err := client.RESTClient().Get().AbsPath("/flagz").SetHeader("Accept", "text/plain").DoRaw(t.Context())
		testutil.Check(t, err)
		// What separates names and values in this format is random on purpose.
		for _, want := range []string{`event-ttl[^\w]+5m0s\n`, `controllers[^\w]+\[\]\n`} {
			if !regexp.MustCompile(want).Match(flags) {
				t.Errorf("%q is missing in /flagz:\n%s", want, flags)
			}
		}
	})
}

func TestAudit(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		var mu sync.Mutex
		var bodies []string
		s := start(t, setup.Options{Audit: func(event *auditv1.Event) {
			if event.ObjectRef != nil && event.ObjectRef.Name == "seen" && event.Verb == "create" && event.Stage == auditv1.StageResponseComplete {
				mu.Lock()
				defer mu.Unlock()
				bodies = append(bodies, string(event.RequestObject.Raw))
			}
		}})
		_, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps("default").
			Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "seen"}, Data: map[string]string{"k": "of-the-body"}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		await(t, "the audit event", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(bodies) == 1 && strings.Contains(bodies[0], "of-the-body")
		})
	})
}

func TestWebhooks(t *testing.T) {
	both(t, func(t *testing.T, start func(testing.TB, setup.Options) *setup.Server) {
		s := start(t, setup.Options{
			Objects: setup.Manifests{Objects: []runtime.Object{&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "before"}}}},
			Webhooks: setup.Webhooks{Manifests: setup.Manifests{Objects: []runtime.Object{
				&admissionregistrationv1.ValidatingWebhookConfiguration{
					ObjectMeta: metav1.ObjectMeta{Name: "refuse"},
					Webhooks: []admissionregistrationv1.ValidatingWebhook{{
						Name: "refuse.example.com", AdmissionReviewVersions: []string{"v1"}, SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone),
						ClientConfig: admissionregistrationv1.WebhookClientConfig{
							Service: &admissionregistrationv1.ServiceReference{Namespace: "system", Name: "webhooks", Path: ptr.To("/refuse")}},
						Rules: []admissionregistrationv1.RuleWithOperations{{
							Operations: []admissionregistrationv1.OperationType{"CREATE"},
							Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}}}},
					}},
				},
			}}},
		})
		refuse(t, s.Webhooks)
		_, err := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps("default").
			Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}}, metav1.CreateOptions{})
		if err == nil || !strings.Contains(err.Error(), `admission webhook "refuse.example.com" denied the request: not here`) {
			t.Errorf("the answer is %v", err)
		}
	})
}

// refuse serves a webhook that refuses everything.
func refuse(t *testing.T, w setup.Webhooks) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(w.CertDir, "tls.crt"), filepath.Join(w.CertDir, "tls.key"))
	testutil.Check(t, err)
	listener, err := tls.Listen("tcp", net.JoinHostPort(w.Host, strconv.Itoa(w.Port)), &tls.Config{Certificates: []tls.Certificate{cert}})
	testutil.Check(t, err)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || r.URL.Path != "/refuse" || json.Unmarshal(body, &review) != nil {
			http.Error(w, "bad request", http.StatusBadRequest)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Result: &metav1.Status{Message: "not here"}}
		_ = json.NewEncoder(w).Encode(review)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		name    string
		options setup.Options
		text    string
	}{
		{"unknown flag", setup.Options{Flags: []string{"--no-such-flag"}}, "no-such-flag"},
		{"no such path", setup.Options{CRDs: setup.Manifests{Paths: []string{"/no/such/path"}}}, "/no/such/path"},
		{"no manifests", setup.Options{Objects: setup.Manifests{FS: fstest.MapFS{"a.txt": {}}}}, "has no YAML or JSON files"},
		{"no kind", setup.Options{Objects: setup.Manifests{FS: fstest.MapFS{"a.yaml": {Data: []byte("a: b")}}}}, "a.yaml: an object has no kind"},
		{"bad YAML", setup.Options{Objects: setup.Manifests{FS: fstest.MapFS{"a.yaml": {Data: []byte("a: [")}}}}, "a.yaml"},
		{"other kind in CRDs", setup.Options{CRDs: setup.Manifests{Objects: []runtime.Object{&corev1.Namespace{}}}}, "is not a CustomResourceDefinition"},
		{"unknown kind", setup.Options{Objects: setup.Manifests{Objects: []runtime.Object{&unstructured.Unstructured{
			Object: map[string]any{"apiVersion": "no.example.com/v1", "kind": "None", "metadata": map[string]any{"name": "n"}}}}}}, `None "n": no matches for kind`},
		{"invalid object", setup.Options{Objects: setup.Manifests{Objects: []runtime.Object{
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "UPPER"}}}}}, "Invalid value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, start := range map[string]func(context.Context, setup.Options) error{
				"in process":  func(ctx context.Context, o setup.Options) error { _, err := testserver.New(ctx, o); return err },
				"own process": func(ctx context.Context, o setup.Options) error { _, err := testprocess.New(ctx, o); return err },
			} {
				if err := start(t.Context(), test.options); err == nil || !strings.Contains(err.Error(), test.text) {
					t.Errorf("%s: the error is %v", name, err)
				}
			}
		})
	}
	if _, err := testprocess.New(t.Context(), setup.Options{NoSocket: true}); err == nil || !strings.Contains(err.Error(), "NoSocket") {
		t.Errorf("NoSocket: the error is %v", err)
	}
}

// await waits until a condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}
