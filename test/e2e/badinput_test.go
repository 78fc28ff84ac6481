package e2e

import (
	"encoding/base64"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const (
	asJSON  = "application/json"
	asYAML  = "application/yaml"
	asProto = "application/vnd.kubernetes.protobuf"
	asMerge = "application/merge-patch+json"
	asApply = "application/apply-patch+yaml"
)

// badBody is a write request that must be refused.
type badBody struct {
	name, method, path, contentType, body string
	code                                  int
	reason                                metav1.StatusReason
	message                               string
}

// TestBadBodies sends invalid bodies of many kinds, and checks that nothing is
// written. The status codes are kube-apiserver's; this includes 500 for a
// resource version that is not a number.
func TestBadBodies(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	before := create(t, client, ns, "app")
	const configMap = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}`
	large := configMap + `,"data":{"a":"` + strings.Repeat("x", 3<<20+1<<17) + `"}}`
	long := configMap + `,"data":{"a":"` + strings.Repeat("x", 1<<20+1) + `"}}`
	for _, tt := range []badBody{
		{"no body", "POST", "", asJSON, "", 400, metav1.StatusReasonBadRequest, ""},
		{"malformed JSON", "POST", "", asJSON, `{"apiVersion":`, 400, metav1.StatusReasonBadRequest, "unexpected end of JSON input"},
		{"text after JSON", "POST", "", asJSON, configMap + `}}`, 400, metav1.StatusReasonBadRequest, "invalid character '}' after top-level value"},
		{"JSON of another shape", "POST", "", asJSON, `[]`, 400, metav1.StatusReasonBadRequest, "cannot unmarshal array into Go value"},
		{"JSON value of another type", "POST", "", asJSON, configMap + `,"data":[]}`, 400, metav1.StatusReasonBadRequest,
			"cannot unmarshal array into Go struct field ConfigMap.data"},
		{"deep JSON", "POST", "", asJSON, configMap + `,"data":` + strings.Repeat("[", 200_000) + `}`, 400, metav1.StatusReasonBadRequest, ""},
		{"malformed YAML", "POST", "", asYAML, "a: [", 400, metav1.StatusReasonBadRequest, "yaml: line 1: did not find expected node content"},
		{"YAML that explodes", "POST", "", asYAML,
			"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n", 400, metav1.StatusReasonBadRequest, ""},
		{"protobuf without its prefix", "POST", "", asProto, "\x0a\x0f", 400, metav1.StatusReasonBadRequest, "does not appear to be a protobuf message"},
		{"damaged protobuf", "POST", "", asProto, "k8s\x00\x0a\xff\xff\xff\xff\xff\xff", 400, metav1.StatusReasonBadRequest, ""},
		{"too large", "POST", "", asJSON, large, 413, metav1.StatusReasonRequestEntityTooLarge, "Request entity too large: limit is 3145728"},
		{"too large for its kind", "POST", "", asJSON, long, 422, metav1.StatusReasonInvalid, "Too long: may not be more than 1048576 bytes"},
		{"unknown content type", "POST", "", "text/csv", configMap + `}`, 415, metav1.StatusReasonUnsupportedMediaType,
			"the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf"},
		{"no kind", "POST", "", asJSON, `{"metadata":{"name":"x"},"data":{"a":1}}`, 400, metav1.StatusReasonBadRequest, ""},
		{"another kind", "POST", "", asJSON, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}`, 400, metav1.StatusReasonBadRequest,
			`Secret in version "v1" cannot be handled as a ConfigMap`},
		{"another version", "POST", "", asJSON, `{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"x"}}`, 400, metav1.StatusReasonBadRequest,
			`no kind "ConfigMap" is registered for version "v2"`},
		{"another namespace", "POST", "", asJSON, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"y"}}`, 400,
			metav1.StatusReasonBadRequest, "the namespace of the provided object does not match the namespace sent on the request"},
		{"another name", "PUT", "/app", asJSON, configMap + `}`, 400, metav1.StatusReasonBadRequest,
			"the name of the object (x) does not match the name on the URL (app)"},
		{"a resource version of words", "PUT", "/app", asJSON, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"app","resourceVersion":"some"}}`, 500, "",
			`parsing "some": invalid syntax`},
		{"a resource version at birth", "POST", "", asJSON, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","resourceVersion":"5"}}`, 500, "",
			"resourceVersion should not be set on objects to be created"},
		{"a field manager that is too long", "POST", "?fieldManager=" + strings.Repeat("m", 200), asJSON, configMap + `}`, 422, metav1.StatusReasonInvalid,
			"fieldManager"},
		{"an unknown field validation", "POST", "?fieldValidation=Loose", asJSON, configMap + `}`, 422, metav1.StatusReasonInvalid, "fieldValidation"},
		{"malformed patch", "PATCH", "/app", asMerge, `{"data":`, 400, metav1.StatusReasonBadRequest, ""},
		{"malformed apply", "PATCH", "/app?fieldManager=m", asApply, "a: [", 400, metav1.StatusReasonBadRequest, "yaml: line 1: did not find expected node content"},
		{"forced merge", "PATCH", "/app?force=true", asMerge, `{}`, 422, metav1.StatusReasonInvalid, "force"},
		{"patch of nothing", "PATCH", "/none", asMerge, `{}`, 404, metav1.StatusReasonNotFound, ""},
		{"malformed delete options", "DELETE", "/app", asJSON, `{"kind":`, 400, metav1.StatusReasonBadRequest, ""},
		{"negative grace", "DELETE", "/app?gracePeriodSeconds=many", "", "", 400, metav1.StatusReasonBadRequest, ""},
		{"method", "POST", "/app", asJSON, configMap + `}`, 405, metav1.StatusReasonMethodNotAllowed,
			"the server does not allow this method on the requested resource"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := "/api/v1/namespaces/" + ns + "/configmaps" + tt.path
			r := send(t, s.Config, request{method: tt.method, path: path, body: []byte(tt.body), headers: []string{"Content-Type", tt.contentType}})
			checkRefused(t, r, tt.code, tt.reason, tt.message)
		})
	}
	list, err := client.CoreV1().ConfigMaps(ns).List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	if len(list.Items) != 1 || list.Items[0].ResourceVersion != before.ResourceVersion {
		t.Errorf("something was written: %v", list.Items)
	}
}

// TestBadQueries sends reads with invalid parameters.
func TestBadQueries(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	create(t, client, ns, "app")
	token := func(text string) string {
		return "limit=1&continue=" + base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	for _, tt := range []struct {
		name, query, accept string
		code                int
		reason              metav1.StatusReason
		message             string
	}{
		{"label selector", "labelSelector=a%3D%3D%3Db", "", 400, metav1.StatusReasonBadRequest, "unable to parse requirement: found '=', expected: identifier"},
		{"label selector with a bad key", "labelSelector=-a", "", 400, metav1.StatusReasonBadRequest, ""},
		{"field selector", "fieldSelector=metadata.name", "", 400, metav1.StatusReasonBadRequest, "invalid selector"},
		{"unknown field", "fieldSelector=data.a%3Db", "", 400, metav1.StatusReasonBadRequest,
			`"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"`},
		{"continue token of noise", "limit=1&continue=nonsense", "", 400, metav1.StatusReasonBadRequest, "continue key is not valid"},
		{"continue token without version", token(`{"v":"meta.k8s.io/v1","start":"a"}`), "", 400, metav1.StatusReasonBadRequest, "continue key is not valid"},
		{"continue token of another version", token(`{"v":"v9","rv":1,"start":"a"}`), "", 400, metav1.StatusReasonBadRequest, "continue key is not valid"},
		{"continue token that escapes", token(`{"v":"meta.k8s.io/v1","rv":-1,"start":"../../secrets"}`), "", 400, metav1.StatusReasonBadRequest,
			"continue key is not valid"},
		{"continue token and version", token(`{"v":"meta.k8s.io/v1","rv":1,"start":"a"}`) + "&resourceVersion=1", "", 400, metav1.StatusReasonBadRequest,
			"specifying resource version is not allowed when using continue"},
		{"resource version", "resourceVersion=some", "", 400, metav1.StatusReasonBadRequest, "invalid resource version"},
		{"resource version of the future", "resourceVersion=900000000", "", 504, metav1.StatusReasonTimeout, "Too large resource version"},
		{"match without version", "resourceVersionMatch=Exact", "", 422, metav1.StatusReasonInvalid,
			"resourceVersionMatch is forbidden unless resourceVersion is provided"},
		{"unknown match", "resourceVersion=1&resourceVersionMatch=Near", "", 422, metav1.StatusReasonInvalid, "supported values"},
		{"limit", "limit=many", "", 400, metav1.StatusReasonBadRequest, ""},
		{"watch from a bad version", "watch=true&resourceVersion=some", "", 500, "", `parsing "some": invalid syntax`},
		{"initial events of a list", "sendInitialEvents=true", "", 422, metav1.StatusReasonInvalid, "sendInitialEvents is forbidden for list"},
		{"initial events without match", "watch=true&sendInitialEvents=true", "", 422, metav1.StatusReasonInvalid,
			"sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"},
		{"not acceptable", "", "text/csv", 406, metav1.StatusReasonNotAcceptable,
			"Available representations: application/json, application/yaml, application/vnd.kubernetes.protobuf"},
		{"not acceptable for a watch", "watch=true", "text/csv", 406, metav1.StatusReasonNotAcceptable, ""},
		{"table of an unknown version", "", "application/json;as=Table;g=meta.k8s.io;v=v9", 406, metav1.StatusReasonNotAcceptable, ""},
		{"table with unknown objects", "includeObject=Half", "application/json;as=Table;g=meta.k8s.io;v=v1", 400, metav1.StatusReasonBadRequest,
			"must be 'Metadata', 'Object', 'None', or empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := send(t, s.Config, request{path: "/api/v1/namespaces/" + ns + "/configmaps?" + tt.query, headers: []string{"Accept", tt.accept}})
			checkRefused(t, r, tt.code, tt.reason, tt.message)
		})
	}
}

// TestBadPaths requests paths that do not exist.
func TestBadPaths(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	for _, tt := range []struct {
		method, path string
		code         int
		reason       metav1.StatusReason
	}{
		{"GET", "/api/v1/nothing", 404, metav1.StatusReasonNotFound},
		{"GET", "/api/v2", 404, metav1.StatusReasonNotFound},
		{"GET", "/apis/nothing/v1", 404, metav1.StatusReasonNotFound},
		{"GET", "/api/v1/namespaces/default/configmaps/a/b", 404, metav1.StatusReasonNotFound},
		{"GET", "/api/v1/namespaces/default/configmaps/a%2Fb", 404, metav1.StatusReasonNotFound},
		{"POST", "/api/v1/configmaps", 405, metav1.StatusReasonMethodNotAllowed},
		{"DELETE", "/api/v1/namespaces", 405, metav1.StatusReasonMethodNotAllowed},
		{"TRACE", "/api/v1/namespaces/default/configmaps", 405, metav1.StatusReasonMethodNotAllowed},
	} {
		r := send(t, s.Config, request{method: tt.method, path: tt.path})
		// As in kube-apiserver, some of these answers are plain text.
		if reason := r.status().Reason; r.code != tt.code || reason != "" && reason != tt.reason {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, r.code, r.body)
		}
	}
}

// checkRefused checks that the answer is the expected Status and does not
// report a panic.
func checkRefused(t *testing.T, r response, code int, reason metav1.StatusReason, message string) {
	t.Helper()
	status := r.status()
	if r.code != code || status.Code != int32(code) || status.Reason != reason || !strings.Contains(status.Message, message) {
		t.Errorf("%d, not %d %s with %q: %.400s", r.code, code, reason, message, r.body)
	}
}

// TestBadEvictions sends evictions with bad delete options. The answers are
// kube-apiserver's; this includes 500 for two dry runs that differ.
func TestBadEvictions(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	_, err := client.CoreV1().Pods(ns).Create(t.Context(), pod("app"), metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, tt := range []struct {
		pod, query, options string
		code                int
		message             string
	}{
		{"app", "", `{"propagationPolicy":"Nonsense"}`, 422, `propagationPolicy: Unsupported value: "Nonsense"`},
		{"app", "", `{"dryRun":["Nonsense"]}`, 422, `dryRun: Unsupported value: ["Nonsense"]: supported values: "All"`},
		{"app", "?dryRun=All", `{"dryRun":["Nonsense"]}`, 500, "Non-matching dry-run options in request and content: [All] and [Nonsense]"},
		{"app", "", `{"orphanDependents":true,"propagationPolicy":"Orphan"}`, 422, "orphanDependents and deletionPropagation cannot be both set"},
		{"app", "", `{"preconditions":{"uid":"other"}}`, 409, "the UID in the precondition (other) does not match the UID in record"},
		{"app", "", `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, 422,
			"deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: can not be set for pod eviction, try after removing the option"},
		{"none", "", `{"ignoreStoreReadErrorWithClusterBreakingPotential":true}`, 422, `Eviction.policy "none" is invalid`},
		{"none", "", `{"propagationPolicy":"Nonsense"}`, 404, `pods "none" not found`},
	} {
		got := send(t, s.Config, request{method: "POST", path: "/api/v1/namespaces/" + ns + "/pods/" + tt.pod + "/eviction" + tt.query,
			headers: []string{"Content-Type", asJSON},
			body:    []byte(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"` + tt.pod + `"},"deleteOptions":` + tt.options + `}`)})
		if got.code != tt.code || !strings.Contains(got.status().Message, tt.message) {
			t.Errorf("%s%s %s: %d %s, want %d %s", tt.pod, tt.query, tt.options, got.code, got.status().Message, tt.code, tt.message)
		}
	}
	_, err = client.CoreV1().Pods(ns).Get(t.Context(), "app", metav1.GetOptions{})
	testutil.Check(t, err)
}
