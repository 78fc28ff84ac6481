package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestWebhooksAreInForceAtOnce creates, changes and deletes configurations. The
// request after the answer must meet the new state.
func TestWebhooksAreInForceAtOnce(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	h.answer("/no", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return admissionv1.AdmissionResponse{Result: &metav1.Status{Message: "no today"}}
	})
	const denied = `admission webhook "no.example.com" denied the request: no today`
	try := func(round int, want string) {
		t.Helper()
		_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if got := fmt.Sprint(err); got != want {
			t.Fatalf("round %d: %s, want %s", round, got, want)
		}
	}
	configurations := c.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for round := range 50 {
		validate(t, c, "no", validatingHook("no.example.com", h.at("/no"), on("", "v1", "configmaps", "CREATE")))
		try(round, denied)
		_, err := configurations.Patch(t.Context(), "no", types.JSONPatchType,
			[]byte(`[{"op":"replace","path":"/webhooks/0/rules/0/resources/0","value":"secrets"}]`), metav1.PatchOptions{})
		testutil.Check(t, err)
		try(round, "<nil>")
		_, err = configurations.Patch(t.Context(), "no", types.JSONPatchType,
			[]byte(`[{"op":"replace","path":"/webhooks/0/rules/0/resources/0","value":"configmaps"}]`), metav1.PatchOptions{})
		testutil.Check(t, err)
		try(round, denied)
		testutil.Check(t, configurations.Delete(t.Context(), "no", metav1.DeleteOptions{}))
		try(round, "<nil>")
	}
}

// TestMutatingWebhooks checks the order, the reinvocation, and what webhooks are told.
func TestMutatingWebhooks(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, withoutControllers)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	for _, name := range []string{"one", "two"} {
		h.answer("/"+name, func(r *admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
			var object metav1.PartialObjectMetadata
			if err := json.Unmarshal(r.Object.Raw, &object); err != nil {
				return admissionv1.AdmissionResponse{Result: &metav1.Status{Message: err.Error()}}
			}
			response := patch(fmt.Sprintf(`[{"op":"add","path":"/metadata/annotations","value":{"order":"%s%s "}}]`, object.Annotations["order"], name))
			response.Warnings = []string{"this is " + name}
			return response
		})
	}
	rules := on("", "v1", "configmaps", "CREATE", "UPDATE")
	first := mutatingHook("one.example.com", h.at("/one"), rules)
	first.ReinvocationPolicy = ptr.To(admissionregistrationv1.IfNeededReinvocationPolicy)
	mutate(t, c, "b", mutatingHook("two.example.com", h.at("/two"), rules))
	mutate(t, c, "a", first)

	answer := send(t, s.Config, request{method: http.MethodPost, path: "/api/v1/namespaces/default/configmaps?dryRun=All",
		body: []byte(`{"metadata":{"name":"a"},"data":{"k":"v"}}`), headers: []string{"Content-Type", "application/json"}})
	var created corev1.ConfigMap
	decode(t, answer, &created)
	if created.Annotations["order"] != "one two one " {
		t.Errorf("called in the order %q", created.Annotations["order"])
	}
	if got := strings.Join(answer.header.Values("Warning"), ", "); got != `299 - "this is one", 299 - "this is two"` {
		t.Errorf("warnings %s", got)
	}
	seen := h.requests()
	if len(seen) != 3 {
		t.Fatalf("%d calls", len(seen))
	}
	r := seen[0]
	if r.Kind != (metav1.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}) || r.Resource.Resource != "configmaps" || r.Name != "a" ||
		r.Namespace != "default" || r.Operation != admissionv1.Create || !*r.DryRun || !slices.Contains(r.UserInfo.Groups, "system:masters") || r.UID == "" {
		t.Errorf("the webhook was told %+v", r)
	}
	if !strings.Contains(string(r.Object.Raw), `"apiVersion":"v1"`) || !strings.Contains(string(r.Options.Raw), `"kind":"CreateOptions"`) ||
		r.OldObject.Raw != nil {
		t.Errorf("the webhook got %s, options %s, old %s", r.Object.Raw, r.Options.Raw, r.OldObject.Raw)
	}

	create(t, c, "default", "b")
	h.requests()
	_, err := c.CoreV1().ConfigMaps("default").Patch(t.Context(), "b", types.MergePatchType, []byte(`{"metadata":{"annotations":null}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	if seen = h.requests(); len(seen) != 3 || seen[0].Operation != admissionv1.Update || !strings.Contains(string(seen[0].OldObject.Raw), "two one") {
		t.Errorf("%d calls for an update, the first with the old object %s", len(seen), seen[0].OldObject.Raw)
	}
}

// TestWebhookSelection sends requests that webhooks select in one way or another.
func TestWebhookSelection(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, withoutControllers)
	c := kubernetes.NewForConfigOrDie(s.Config)
	crd := establish(t, s.Config, definition("hooks.example.com", "things", "Thing", `{"type":"object","x-kubernetes-preserve-unknown-fields":true}`))
	things := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1"))
	ensureNamespace(t, s, "chosen")
	_, err := c.CoreV1().Namespaces().Patch(t.Context(), "chosen", types.MergePatchType, []byte(`{"metadata":{"labels":{"hooks":"yes"}}}`), metav1.PatchOptions{})
	testutil.Check(t, err)

	h := newHooks(t)
	h.answer("/", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return allowed() })
	hook := func(name, group, version, resource string, operations ...operation) *validatingType {
		w := validatingHook(name+".example.com", h.at("/"+name), on(group, version, resource, operations...))
		return &w
	}
	byNamespace := hook("namespace", "", "v1", "configmaps", "*")
	byNamespace.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"hooks": "yes"}}
	byObject := hook("object", "", "v1", "configmaps", "CREATE", "UPDATE")
	byObject.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"hooks": "yes"}}
	byCondition := hook("condition", "", "v1", "configmaps", "CREATE")
	byCondition.MatchConditions = []admissionregistrationv1.MatchCondition{{Name: "named", Expression: `object.metadata.name == "conditional"`}}
	exact := hook("exact", "autoscaling", "v2", "horizontalpodautoscalers", "CREATE")
	exact.MatchPolicy = ptr.To(admissionregistrationv1.Exact)
	validate(t, c, "all", *byNamespace, *byObject, *byCondition, *exact,
		*hook("equivalent", "autoscaling", "v2", "horizontalpodautoscalers", "CREATE"),
		*hook("events", "events.k8s.io", "v1", "events", "CREATE"),
		*hook("custom", "hooks.example.com", "v1", "things", "CREATE"),
		*hook("status", "", "v1", "namespaces/status", "UPDATE"),
		*hook("eviction", "", "v1", "pods/eviction", "CREATE"),
		*hook("deletion", "", "v1", "secrets", "DELETE"))

	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	labelled := configMap("labelled")
	labelled.Labels = map[string]string{"hooks": "yes"}
	for _, test := range []struct {
		name string
		send func() error
		want []string
	}{
		{"no selector matches", func() error {
			_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), dry)
			return err
		}, nil},
		{"namespace", func() error {
			_, err := c.CoreV1().ConfigMaps("chosen").Create(t.Context(), configMap("a"), dry)
			return err
		}, []string{"/namespace: CREATE v1 configmaps"}},
		{"object", func() error {
			_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), labelled, dry)
			return err
		}, []string{"/object: CREATE v1 configmaps"}},
		{"condition", func() error {
			_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("conditional"), dry)
			return err
		}, []string{"/condition: CREATE v1 configmaps"}},
		{"equivalent versions", func() error {
			_, err := c.AutoscalingV1().HorizontalPodAutoscalers("default").Create(t.Context(), &autoscalingv1.HorizontalPodAutoscaler{ObjectMeta: named("a"),
				Spec: autoscalingv1.HorizontalPodAutoscalerSpec{
					MaxReplicas: 2, ScaleTargetRef: autoscalingv1.CrossVersionObjectReference{Kind: "Deployment", Name: "a", APIVersion: "apps/v1"}}}, dry)
			return err
		}, []string{"/equivalent: CREATE autoscaling/v2 horizontalpodautoscalers"}},
		{"another group's events", func() error {
			event := &corev1.Event{ObjectMeta: named("a"), InvolvedObject: corev1.ObjectReference{Namespace: "default"}}
			_, err := c.CoreV1().Events("default").Create(t.Context(), event, dry)
			return err
		}, []string{"/events: CREATE events.k8s.io/v1 events"}},
		{"a custom resource", func() error {
			_, err := things.Namespace("default").Create(t.Context(), custom(crd, "v1", "a", nil), dry)
			return err
		}, []string{"/custom: CREATE hooks.example.com/v1 things"}},
		{"a status", func() error {
			change := []byte(`{"metadata":{"labels":{"a":"b"}}}`)
			_, err := c.CoreV1().Namespaces().Patch(t.Context(), "default", types.MergePatchType, change, metav1.PatchOptions{}, "status")
			return err
		}, []string{"/status: UPDATE v1 namespaces/status"}},
		{"a deletion", func() error {
			if _, err := c.CoreV1().Secrets("default").Create(t.Context(), &corev1.Secret{ObjectMeta: named("s")}, metav1.CreateOptions{}); err != nil {
				return err
			}
			return c.CoreV1().Secrets("default").Delete(t.Context(), "s", metav1.DeleteOptions{})
		}, []string{"/deletion: DELETE v1 secrets"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.requests()
			testutil.Check(t, test.send())
			var got []string
			for _, call := range h.requests() {
				got = append(got, call.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("called %q, want %q", got, test.want)
			}
		})
	}
}

// TestWebhookFailurePolicy checks that a failing webhook can be ignored, and that
// one which refuses everything can be removed.
func TestWebhookFailurePolicy(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	dead := clientConfig{URL: ptr.To("https://127.0.0.1:1/")}
	everything := []rule{{Operations: []operation{"*"}, Rule: admissionregistrationv1.Rule{
		APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*/*"}}}}
	hook := validatingHook("dead.example.com", dead, everything)
	hook.FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
	validate(t, c, "ignored", hook)
	create(t, c, "default", "a")

	hook.FailurePolicy = ptr.To(admissionregistrationv1.Fail)
	validate(t, c, "lockout", hook)
	_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("b"), metav1.CreateOptions{})
	if !apierrors.IsInternalError(err) {
		t.Errorf("locked out: %v", err)
	}
	validate(t, c, "another", hook)
	configurations := c.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	testutil.Check(t, configurations.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}))
	create(t, c, "default", "b")
}

// TestWebhookSideEffects checks that a dry run is sent to a webhook which says that it honours it.
func TestWebhookSideEffects(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, withoutControllers)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	h.answer("/", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return allowed() })
	hook := validatingHook("effects.example.com", h.at("/"), on("", "v1", "configmaps", "CREATE"))
	hook.SideEffects = ptr.To(admissionregistrationv1.SideEffectClassNoneOnDryRun)
	validate(t, c, "effects", hook)
	_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	testutil.Check(t, err)
	if seen := h.requests(); len(seen) != 1 || !*seen[0].DryRun {
		t.Errorf("%d calls", len(seen))
	}
}

// TestWebhookByService calls a webhook by a service and its name in the certificate.
func TestWebhookByService(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, withoutControllers)
	c := kubernetes.NewForConfigOrDie(s.Config)
	cert, key, ca, err := s.IssueServing("hook.default.svc")
	testutil.Check(t, err)
	pair, err := tls.X509KeyPair(cert, key)
	testutil.Check(t, err)
	h := &hooks{mux: http.NewServeMux()}
	h.Server = httptest.NewUnstartedServer(h.mux)
	h.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	h.StartTLS()
	t.Cleanup(h.Close)
	h.answer("/called", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return allowed() })

	_, port, err := net.SplitHostPort(h.Listener.Addr().String())
	testutil.Check(t, err)
	number, err := strconv.ParseInt(port, 10, 32)
	testutil.Check(t, err)
	_, err = c.CoreV1().Services("default").Create(t.Context(), &corev1.Service{ObjectMeta: named("hook"),
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	service := &admissionregistrationv1.ServiceReference{Namespace: "default", Name: "hook", Path: ptr.To("/called"), Port: ptr.To(int32(number))}
	validate(t, c, "service", validatingHook("hook.example.com", clientConfig{Service: service, CABundle: ca},
		on("", "v1", "configmaps", "CREATE")))
	create(t, c, "default", "a")
	if seen := h.requests(); len(seen) != 1 {
		t.Errorf("called %v", seen)
	}
}
