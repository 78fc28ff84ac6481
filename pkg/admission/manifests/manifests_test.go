package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const (
	goodPolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: keep.static.k8s.io}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"]}]}
  validations: [{expression: "object.metadata.name != 'bad'"}]
`
	goodBinding = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: keep.static.k8s.io}
spec: {policyName: keep.static.k8s.io, validationActions: [Deny]}
`
	goodMutation = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: keep.static.k8s.io}
spec:
  reinvocationPolicy: Never
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"]}]}
  mutations: [{patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'add', path: '/data/x', value: 'y'}]"}}]
`
	goodWebhook = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w.static.k8s.io}
webhooks:
- {name: a.example.com, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: "https://127.0.0.1:9/x"}}
`
)

// TestLoad reads directories, right and wrong. The words are those of kube-apiserver
// v1.36.3.
func TestLoad(t *testing.T) {
	policies := func(dir string) (int, error) {
		p, b, _, err := Loaders().LoadValidatingPolicyManifests(dir)
		return len(p) + len(b), err
	}
	mutations := func(dir string) (int, error) {
		p, b, _, err := Loaders().LoadMutatingPolicyManifests(dir)
		return len(p) + len(b), err
	}
	validating := func(dir string) (int, error) {
		w, _, err := Loaders().LoadValidatingWebhookManifests(dir)
		return len(w), err
	}
	mutating := func(dir string) (int, error) {
		w, _, err := Loaders().LoadMutatingWebhookManifests(dir)
		return len(w), err
	}
	asMutating := strings.NewReplacer("Validating", "Mutating")
	for _, tt := range []struct {
		name  string
		load  func(dir string) (int, error)
		files []string
		count int
		err   string
	}{
		{name: "nothing", load: policies},
		{name: "two files", load: policies, files: []string{goodPolicy, goodBinding}, count: 2},
		{name: "two documents", load: policies, files: []string{goodPolicy + "---" + goodBinding}, count: 2},
		{name: "list", load: policies, count: 2, files: []string{"apiVersion: v1\nkind: List\nitems:\n- " + item(goodPolicy) + "\n- " + item(goodBinding)}},
		{name: "typed list", load: validating, count: 1, files: []string{
			"apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfigurationList\nitems:\n- " + item(goodWebhook)}},
		{name: "mutating policy", load: mutations, files: []string{goodMutation}, count: 1},
		{name: "webhook", load: validating, files: []string{goodWebhook}, count: 1},
		{name: "mutating webhook", load: mutating, files: []string{asMutating.Replace(goodWebhook)}, count: 1},
		{name: "invalid", load: policies, files: []string{strings.Replace(goodPolicy, "spec:", "spec:\n  failurePolicy: Sometimes", 1)},
			err: `ValidatingAdmissionPolicy "keep.static.k8s.io": spec.failurePolicy: Unsupported value: "Sometimes": supported values: "Fail", "Ignore"`},
		{name: "invalid webhook", load: validating, files: []string{strings.Replace(goodWebhook, "a.example.com", "a", 1)}, err: `ValidatingWebhookConfiguration ` +
			`"w.static.k8s.io": webhooks[0].name: Invalid value: "a": should be a domain with at least three segments separated by dots`},
		{name: "unknown field", load: validating, files: []string{goodWebhook + "foo: bar\n"}, err: `strict decoding error: unknown field "foo"`},
		{name: "name", load: policies, files: []string{strings.Replace(goodPolicy, "keep.static.k8s.io", "keep", 1)}, err: `must have a name ending with ".static.k8s.io"`},
		{name: "wrong directory", load: validating, files: []string{goodPolicy}, err: "unsupported resource type *v1.ValidatingAdmissionPolicy"},
		{name: "binding of no policy", load: policies, files: []string{goodBinding}, err: "which does not exist in the manifest directory"},
		{name: "service", load: validating, files: []string{strings.Replace(goodWebhook, `url: "https://127.0.0.1:9/x"`, "service: {namespace: a, name: b}", 1)},
			err: "clientConfig.service is not supported for static manifests"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, text := range tt.files {
				testutil.Check(t, os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".yaml"), []byte(text), 0o600))
			}
			count, err := tt.load(dir)
			if tt.err == "" && (err != nil || count != tt.count) {
				t.Errorf("%d objects, %v, want %d", count, err, tt.count)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("%v, want %s", err, tt.err)
			}
		})
	}
}

// item is a document as an item of a list.
func item(document string) string {
	return strings.ReplaceAll(strings.TrimSpace(document), "\n", "\n  ")
}
