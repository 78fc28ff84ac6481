package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// recordMetrics is for a kube-apiserver v1.36.3 that has just been started with the default flags.
var recordMetrics = flag.String("record-metrics", "", "write the metrics of the server of this kubeconfig to testdata/metrics.tsv")

// otherMetrics says for which metrics of kube-apiserver ours differ, and why.
var otherMetrics = map[string]string{
	"apiextensions_openapi_v2_regeneration_count":         "the first request for a document makes it, not a change of a definition",
	"apiextensions_openapi_v3_regeneration_count":         "the first request for a document makes it, not a change of a definition",
	"rest_client_transport_create_calls_total":            "requests of the server to itself need no connection",
	"grpc_client_handled_total":                           "etcd is called in the process; with --etcd-servers they are there",
	"grpc_client_msg_received_total":                      "etcd is called in the process; with --etcd-servers they are there",
	"grpc_client_msg_sent_total":                          "etcd is called in the process; with --etcd-servers they are there",
	"grpc_client_started_total":                           "etcd is called in the process; with --etcd-servers they are there",
	"authentication_token_cache_active_fetch_count":       "the library's cache of tokens is only used for webhooks and OpenID Connect",
	"authentication_token_cache_fetch_total":              "the library's cache of tokens is only used for webhooks and OpenID Connect",
	"authentication_token_cache_request_duration_seconds": "the library's cache of tokens is only used for webhooks and OpenID Connect",
	"authentication_token_cache_request_total":            "the library's cache of tokens is only used for webhooks and OpenID Connect",
	"apiserver_storage_list_total":                        "1.37 has the labels storage and index as well",
	"apiserver_storage_list_fetched_objects_total":        "1.37 has the labels storage and index as well",
	"apiserver_storage_list_evaluated_objects_total":      "1.37 has the label storage as well",
	"apiserver_storage_list_returned_objects_total":       "1.37 has the label storage as well",
}

// metric is a metric with the names of the labels that its samples have. The labels are empty
// if there is no sample.
type metric struct{ kind, labels string }

// TestMetrics compares the metrics of the server, after some requests, with those of
// kube-apiserver after the same requests.
func TestMetrics(t *testing.T) {
	t.Parallel()
	if *recordMetrics != "" {
		config, err := clientcmd.BuildConfigFromFlags("", *recordMetrics)
		testutil.Check(t, err)
		useEverything(t, config)
		writeMetrics(t, scrape(t, config))
	}
	_, config := serve(t, t.TempDir())
	useEverything(t, config)
	have := scrape(t, config)
	for name, want := range recordedMetrics(t) {
		if same := have[name] == want; same == (otherMetrics[name] != "") {
			t.Errorf("%s is %v, kube-apiserver's is %v (%s)", name, have[name], want, otherMetrics[name])
		}
	}
}

// useEverything sends requests that make as many metrics as possible have samples.
func useEverything(t *testing.T, config *restclient.Config) {
	t.Helper()
	client := kubernetes.NewForConfigOrDie(config)
	const namespace, serviceAccount = "/api/v1/namespaces/metrics", "robot"
	for _, r := range []struct {
		method, path, body string
		code               int
		headers            []string
	}{
		{"POST", "/api/v1/namespaces", `{"metadata":{"name":"metrics","labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`, 201, nil},
		{"POST", namespace + "/serviceaccounts", `{"metadata":{"name":"robot"}}`, 201, nil},
		{"POST", namespace + "/configmaps", `{"metadata":{"name":"c"},"data":{"a":"b"}}`, 201, nil},
		{"POST", namespace + "/configmaps?dryRun=All", `{"metadata":{"name":"d"},"data":{"a":"b"}}`, 201, nil},
		{"POST", namespace + "/configmaps?fieldValidation=Strict", `{"metadata":{"name":"e"},"dato":{}}`, 400, nil},
		{"POST", namespace + "/configmaps", `{"metadata":{"name":"C"}}`, 422, nil},
		{"PUT", namespace + "/configmaps/c", `{"metadata":{"name":"c"},"data":{"a":"c"}}`, 200, nil},
		{"PATCH", namespace + "/configmaps/c", `{"data":{"a":"d"}}`, 200, []string{"Content-Type", "application/merge-patch+json"}},
		{"PATCH", namespace + "/configmaps/f?fieldManager=m", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"f"}}`, 201,
			[]string{"Content-Type", "application/apply-patch+yaml"}},
		{"GET", namespace + "/configmaps", "", 200, nil},
		{"GET", namespace + "/configmaps?limit=1", "", 200, nil},
		{"GET", "/api/v1/configmaps?resourceVersion=0", "", 200, nil},
		{"GET", "/api/v1/configmaps?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", "", 200, nil},
		{"GET", namespace + "/configmaps/none", "", 404, nil},
		{"POST", namespace + "/services", `{"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30100}]}}`, 201, nil},
		{"POST", namespace + "/services", `{"metadata":{"name":"t"},"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30100}]}}`, 422, nil},
		{"POST", namespace + "/services", `{"metadata":{"name":"u"},"spec":{"clusterIP":"10.0.0.99","ports":[{"port":80}]}}`, 201, nil},
		{"POST", namespace + "/services", `{"metadata":{"name":"v"},"spec":{"clusterIP":"10.0.0.99","ports":[{"port":80}]}}`, 422, nil},
		{"POST", namespace + "/pods", `{"metadata":{"name":"p"},"spec":{"serviceAccountName":"robot","containers":[{"name":"c","image":"i"}]}}`, 201, nil},
		{"POST", namespace + "/pods", `{"metadata":{"name":"q"},"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i"}]}}`, 403, nil},
		{"GET", "/api/v1/componentstatuses", "", 200, nil},
		{"DELETE", namespace + "/configmaps", "", 200, nil},
		{"GET", "/apis/nothing.example.com/v1/none", "", 404, nil},
		{"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", `{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}`, 201, nil},
		{"POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", `{"metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{` +
			`"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["secrets"]}]},` +
			`"validations":[{"expression":"object.metadata.name != 'x'"}]}}`, 201, nil},
		{"POST", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
			`{"metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":["Deny"]}}`, 201, nil},
		{"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", `{"metadata":{"name":"as.metrics.example.com"},"spec":{"group":"metrics.example.com",` +
			`"names":{"plural":"as","kind":"A"},"scope":"Cluster","versions":[{"name":"v1","served":true,"storage":true,` +
			`"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`, 201, nil},
		{"GET", "/openapi/v2", "", 200, nil},
		{"GET", "/openapi/v3", "", 200, nil},
		{"GET", "/apis", "", 200, []string{"Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"}},
		{"GET", "/apis", "", 200, []string{"Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer"}},
	} {
		headers := append([]string{"Content-Type", "application/json"}, r.headers...)
		got := send(t, config, request{method: r.method, path: r.path, body: []byte(r.body), headers: headers})
		if got.code != r.code {
			t.Errorf("%s %s: %d, want %d: %.500s", r.method, r.path, got.code, r.code, got.body)
		}
	}
	token, err := client.CoreV1().ServiceAccounts("metrics").CreateToken(t.Context(), serviceAccount, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	testutil.Check(t, err)
	account := restclient.AnonymousClientConfig(config)
	for bearer, code := range map[string]int{token.Status.Token: http.StatusForbidden, "wrong": http.StatusUnauthorized} {
		account.BearerToken = bearer
		if got := send(t, account, request{path: "/api/v1/secrets"}); got.code != code {
			t.Errorf("%d, want %d", got.code, code)
		}
	}
	eventually(t, "the custom resource is served", func() bool {
		return send(t, config, request{method: "POST", path: "/apis/metrics.example.com/v1/as", headers: []string{"Content-Type", "application/json"},
			body: []byte(`{"apiVersion":"metrics.example.com/v1","kind":"A","metadata":{"generateName":"a-"}}`)}).code == http.StatusCreated
	})
	eventually(t, "the policy is in force", func() bool {
		return send(t, config, request{method: "POST", path: namespace + "/secrets", headers: []string{"Content-Type", "application/json"},
			body: []byte(`{"metadata":{"name":"x"}}`)}).code == http.StatusUnprocessableEntity
	})
}

// scrape returns the metrics of a server, but for those of the Go runtime, which are those of
// its version.
func scrape(t *testing.T, config *restclient.Config) map[string]metric {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(send(t, config, request{path: "/metrics"}).body))
	testutil.Check(t, err)
	all := map[string]metric{}
	for name, family := range families {
		if !strings.HasPrefix(name, "go_") {
			all[name] = metric{strings.ToLower(family.GetType().String()), labelsOf(family)}
		}
	}
	return all
}

// labelsOf returns the names of all labels that samples of a metric have.
func labelsOf(family *dto.MetricFamily) string {
	var names []string
	for _, sample := range family.GetMetric() {
		for _, label := range sample.GetLabel() {
			names = append(names, label.GetName())
		}
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ",")
}

const metricsFile = "testdata/metrics.tsv"

func writeMetrics(t *testing.T, all map[string]metric) {
	t.Helper()
	var lines []string
	for name, m := range all {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\n", name, m.kind, m.labels))
	}
	slices.Sort(lines)
	testutil.Check(t, os.WriteFile(metricsFile, []byte(strings.Join(lines, "")), 0o644))
}

func recordedMetrics(t *testing.T) map[string]metric {
	t.Helper()
	data, err := os.ReadFile(metricsFile)
	testutil.Check(t, err)
	all := map[string]metric{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all[cells[0]] = metric{cells[1], cells[2]}
	}
	return all
}
