package e2e

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// pluginSeries are the series of metrics of webhooks, of encryption at rest and of audit.
var pluginSeries = regexp.MustCompile(`(?m)^(apiserver_` +
	`(?:admission_webhook_|admission_match_condition_|storage_transformation_|audit_level_total)\w*(?:{.*})?) \S+$`)

// TestMetricsOfPlugins compares series of the server, with all values of labels, with those
// that kube-apiserver v1.36.3 has with the same flags after the same requests.
func TestMetricsOfPlugins(t *testing.T) {
	t.Parallel()
	webhooks, audit := newMetricHooks(t), newAuditReceiver(t)
	dir := t.TempDir()
	_, config := serve(t, dir, "--encryption-provider-config="+file(t, "encryption.yaml", metricEncryption()), "--audit-log-path="+dir+"/audit.log",
		"--audit-policy-file="+file(t, "policy.yaml", metricPolicy), audit.kubeconfig(t))
	useWebhooks(t, config, webhooks)
	compareSeries(t, config, pluginSeries, "testdata/metrics-plugins.txt")
}

var (
	// kmsSeries are the series of metrics of key management services.
	kmsSeries = regexp.MustCompile(`(?m)^(apiserver_(?:envelope_encryption_|storage_envelope_|storage_transformation_)\w*(?:{.*})?) \S+$`)
	// serverHash is a label that differs from one server to the next.
	serverHash = regexp.MustCompile(`apiserver_id_hash="[^"]*",`)
)

// TestMetricsOfKMS does the same as TestMetricsOfPlugins for both versions of the
// plugin API of key management services.
func TestMetricsOfKMS(t *testing.T) {
	t.Parallel()
	_, second := kmsProvider(t, "v2", "two")
	_, first := kmsProvider(t, "v1", "one")
	resource := func(name, provider string) string {
		return fmt.Sprintf("{resources: [%s], providers: [%s, %s]}", name, provider, identity)
	}
	config := fmt.Sprintf("apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [%s, %s]\n",
		resource("secrets", second), resource("configmaps", first))
	_, admin := serve(t, t.TempDir(), "--encryption-provider-config="+file(t, "encryption.yaml", config), "--feature-gates=KMSv1=true")
	c := kubernetes.NewForConfigOrDie(admin)
	for _, name := range []string{"a", "b"} {
		create(t, c, "default", name)
		_, err := c.CoreV1().Secrets("default").Create(t.Context(), &corev1.Secret{ObjectMeta: named(name)}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	_, err := c.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	compareSeries(t, admin, kmsSeries, "testdata/metrics-kms.txt")
}

// compareSeries compares the series of a server's metrics that match a pattern with those
// in a file.
func compareSeries(t *testing.T, config *restclient.Config, pattern *regexp.Regexp, path string) {
	t.Helper()
	metrics := serverHash.ReplaceAllString(string(send(t, config, request{path: "/metrics"}).body), "")
	var have []string
	for _, match := range pattern.FindAllStringSubmatch(metrics, -1) {
		if name, _, _ := strings.Cut(match[1], "{"); !strings.HasSuffix(name, "_bucket") && !strings.HasSuffix(name, "_sum") {
			have = append(have, match[1])
		}
	}
	data, err := os.ReadFile(path)
	testutil.Check(t, err)
	want := strings.Fields(string(data))
	for _, series := range want {
		if !slices.Contains(have, series) {
			t.Errorf("%s is missing", series)
		}
	}
	for _, series := range have {
		if !slices.Contains(want, series) {
			t.Errorf("kube-apiserver has no %s", series)
		}
	}
}

func metricEncryption() string {
	entry := func(resource, provider, key string) string {
		return fmt.Sprintf("{resources: [%s], providers: [%s, %s]}", resource, keyed(provider, key), identity)
	}
	return "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [" + strings.Join([]string{
		entry("secrets", "aescbc", "k1"), entry("configmaps", "secretbox", "k2"), entry("serviceaccounts", "aesgcm", "k3")}, ", ") + "]\n"
}

const metricPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: None
  resources: [{group: "", resources: [pods]}]
- level: RequestResponse
  resources: [{group: "", resources: [secrets]}]
- level: Request
  resources: [{group: "", resources: [configmaps]}]
- level: Metadata
`

// newMetricHooks returns webhooks that allow, deny, patch and fail.
func newMetricHooks(t *testing.T) *hooks {
	t.Helper()
	h := newHooks(t)
	h.answer("/ok", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return allowed() })
	h.answer("/deny", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return admissionv1.AdmissionResponse{Result: &metav1.Status{Code: http.StatusTeapot}}
	})
	h.answer("/patch", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return patch(`[{"op":"add","path":"/metadata/annotations","value":{"a":"b"}}]`)
	})
	h.mux.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	return h
}

func useWebhooks(t *testing.T, config *restclient.Config, h *hooks) {
	t.Helper()
	rules := func(resource string) []rule {
		return on("", "v1", resource, admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete)
	}
	space := &metav1.LabelSelector{MatchLabels: map[string]string{"m": "x"}}
	condition := func(expression string) []admissionregistrationv1.MatchCondition {
		return []admissionregistrationv1.MatchCondition{{Name: "c", Expression: expression}}
	}
	ignore := ptr.To(admissionregistrationv1.Ignore)
	validating := func(name, path, resource string, change func(*validatingType)) validatingType {
		hook := validatingHook(name, h.at(path), rules(resource))
		hook.NamespaceSelector = space
		change(&hook)
		return hook
	}
	mutating := func(name, path, resource string, change func(*mutatingType)) mutatingType {
		hook := mutatingHook(name, h.at(path), rules(resource))
		hook.NamespaceSelector = space
		change(&hook)
		return hook
	}
	same, sameToo := func(*validatingType) {}, func(*mutatingType) {}
	client := kubernetes.NewForConfigOrDie(config)
	headers := []string{"Content-Type", "application/json"}
	if r := send(t, config, request{"POST", "/api/v1/namespaces", []byte(`{"metadata":{"name":"m","labels":{"m":"x"}}}`), headers}); r.code != http.StatusCreated {
		t.Fatalf("%d: %s", r.code, r.body)
	}
	validate(t, client, "v", validating("allow.v.io", "/ok", "configmaps", same), validating("deny.v.io", "/deny", "services", same),
		validating("fail.v.io", "/fail", "endpoints", same),
		validating("failopen.v.io", "/fail", "configmaps", func(hook *validatingType) { hook.FailurePolicy = ignore }),
		validating("match.v.io", "/ok", "configmaps", func(hook *validatingType) { hook.MatchConditions = condition("object.metadata.name != 'skip'") }),
		validating("matcherr.v.io", "/ok", "limitranges", func(hook *validatingType) { hook.MatchConditions = condition("object.spec.nope == 'skip'") }))
	mutate(t, client, "mu", mutating("patch.m.io", "/patch", "configmaps", sameToo), mutating("deny.m.io", "/deny", "resourcequotas", sameToo),
		mutating("open.m.io", "/fail", "secrets", func(hook *mutatingType) { hook.FailurePolicy = ignore }),
		mutating("fail.m.io", "/fail", "podtemplates", sameToo),
		mutating("re.m.io", "/ok", "configmaps", func(hook *mutatingType) {
			hook.ReinvocationPolicy = ptr.To(admissionregistrationv1.IfNeededReinvocationPolicy)
		}))
	const in = "/api/v1/namespaces/m/"
	eventually(t, "the webhooks are called", func() bool {
		return send(t, config, request{"POST", in + "resourcequotas", []byte(`{"metadata":{"name":"a"},"spec":{}}`), headers}).code == http.StatusTeapot &&
			send(t, config, request{"POST", in + "services", []byte(`{"metadata":{"name":"a"},"spec":{"ports":[{"port":80}]}}`), headers}).code == http.StatusTeapot
	})
	for _, r := range []struct {
		method, path, body string
		code               int
	}{
		{"POST", "configmaps", `{"metadata":{"name":"a"},"data":{"a":"b"}}`, 201},
		{"POST", "configmaps", `{"metadata":{"name":"skip"},"data":{"a":"b"}}`, 201},
		{"POST", "endpoints", `{"metadata":{"name":"a"}}`, 500},
		{"POST", "limitranges", `{"metadata":{"name":"a"},"spec":{"limits":[]}}`, 403},
		{"POST", "secrets", `{"metadata":{"name":"a"},"stringData":{"a":"b"}}`, 201},
		{"POST", "podtemplates", `{"metadata":{"name":"a"},"template":{"spec":{"containers":[{"name":"a","image":"a"}]}}}`, 500},
		{"POST", "serviceaccounts", `{"metadata":{"name":"a"}}`, 201},
		{"GET", "secrets/a", "", 200},
		{"GET", "secrets", "", 200},
		{"GET", "pods", "", 200},
		{"PUT", "configmaps/a", `{"metadata":{"name":"a"},"data":{"a":"c"}}`, 200},
		{"DELETE", "configmaps/a", "", 500},
		{"DELETE", "secrets/a", "", 200},
	} {
		if got := send(t, config, request{r.method, in + r.path, []byte(r.body), headers}); got.code != r.code {
			t.Errorf("%s %s: %d, want %d: %.500s", r.method, r.path, got.code, r.code, got.body)
		}
	}
}
