package e2e

import (
	"fmt"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// listeners is a definition whose spec.ports is a list with the key "name".
func listeners(group string) *apiextensionsv1.CustomResourceDefinition {
	return definition(group, "listeners", "Listener", `{"type":"object","properties":{"spec":{"type":"object","properties":{
		"ports":{"type":"array","maxItems":10,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],
			"properties":{"name":{"type":"string","maxLength":63},"port":{"type":"integer"},"protocol":{"type":"string"}}}}}}}}`)
}

// TestPoliciesOnCustomResources defines resources, and creates policies for them and
// objects immediately afterwards.
func TestPoliciesOnCustomResources(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	for round := range 5 {
		group := fmt.Sprintf("round%d.example.com", round)
		crd := establish(t, s.Config, listeners(group))
		rules := on(group, "v1", "listeners", "CREATE", "UPDATE")
		enforceMutation(t, c, mutatingPolicy("ports."+group,
			`Object{spec: Object.spec{ports: [Object.spec.ports{name: "admin", port: 9000}, Object.spec.ports{name: "new", port: 9001}]}}`, rules))
		enforce(t, c, validatingPolicy("ports."+group, "object.spec.ports.all(p, p.port > 1024)", rules), validatingBinding("ports."+group))

		resource := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1")).Namespace("default")
		ports := func(web int64) map[string]any {
			return map[string]any{"ports": []any{map[string]any{"name": "admin", "port": int64(1), "protocol": "TCP"}, map[string]any{"name": "web", "port": web}}}
		}
		got, err := resource.Create(t.Context(), custom(crd, "v1", "a", ports(8080)), metav1.CreateOptions{})
		testutil.Check(t, err)
		// Entries with a key that is there are merged, and others are added.
		want := "map[ports:[map[name:admin port:9000 protocol:TCP] map[name:web port:8080] map[name:new port:9001]]]"
		if spec := fmt.Sprint(got.Object["spec"]); spec != want {
			t.Errorf("round %d: %s, want %s", round, spec, want)
		}
		_, err = resource.Create(t.Context(), custom(crd, "v1", "b", ports(80)), metav1.CreateOptions{})
		if err == nil || !strings.Contains(err.Error(), "refused by ports."+group) {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

// TestPoliciesOnNewFields adds fields to the schema of a custom resource, and creates
// policies that use them immediately afterwards.
func TestPoliciesOnNewFields(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	crd := establish(t, s.Config, listeners("grows.example.com"))
	definitions := clientset.NewForConfigOrDie(s.Config).ApiextensionsV1().CustomResourceDefinitions()
	resource := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1")).Namespace("default")
	rules := on("grows.example.com", "v1", "listeners", "CREATE")
	for round := range 5 {
		field := fmt.Sprintf("field%d", round)
		_, err := definitions.Patch(t.Context(), crd.Name, types.JSONPatchType, fmt.Appendf(nil,
			`[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/%s","value":{"type":"string"}}]`, field), metav1.PatchOptions{})
		testutil.Check(t, err)
		enforceMutation(t, c, mutatingPolicy(field, fmt.Sprintf(`Object{spec: Object.spec{%s: "set"}}`, field), rules))
		enforce(t, c, validatingPolicy(field, fmt.Sprintf(`object.spec.%s == "set" && object.metadata.name != %q`, field, field), rules), validatingBinding(field))
		got, err := resource.Create(t.Context(), custom(crd, "v1", fmt.Sprintf("a%d", round), map[string]any{}), metav1.CreateOptions{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if spec := got.Object["spec"].(map[string]any); len(spec) != round+1 {
			t.Errorf("round %d: %v", round, spec)
		}
		_, err = resource.Create(t.Context(), custom(crd, "v1", field, map[string]any{}), metav1.CreateOptions{})
		if err == nil || !strings.Contains(err.Error(), "refused by "+field) {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

// TestPolicyWithCustomParameters creates a policy before the resource of its
// parameters is defined. It refuses everything until it is configured.
func TestPolicyWithCustomParameters(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	policy := validatingPolicy("limit", "size(object.data) <= params.spec.max", on("", "v1", "configmaps", "CREATE"))
	policy.Spec.ParamKind = &admissionregistrationv1.ParamKind{APIVersion: "params.example.com/v1", Kind: "Limit"}
	binding := validatingBinding("limit")
	binding.Spec.ParamRef = &admissionregistrationv1.ParamRef{Name: "limit", Namespace: "default",
		ParameterNotFoundAction: ptr.To(admissionregistrationv1.DenyAction)}
	enforce(t, c, policy, binding)
	try := func() string {
		_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a", "one", "1", "two", "2"),
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return fmt.Sprint(err)
	}
	if got := try(); !strings.Contains(got, "failed to find resource referenced by paramKind: 'params.example.com/v1, Kind=Limit'") {
		t.Errorf("without the definition: %s", got)
	}
	crd := establish(t, s.Config, definition("params.example.com", "limits", "Limit",
		`{"type":"object","properties":{"spec":{"type":"object","properties":{"max":{"type":"integer"}}}}}`))
	eventually(t, "the policy finds no parameters", func() bool { return strings.Contains(try(), "no params found") })
	limits := dynamic.NewForConfigOrDie(s.Config).Resource(resourceOf(crd, "v1")).Namespace("default")
	_, err := limits.Create(t.Context(), custom(crd, "v1", "limit", map[string]any{"max": int64(1)}), metav1.CreateOptions{})
	testutil.Check(t, err)
	eventually(t, "the parameters are in force", func() bool { return strings.Contains(try(), "refused by limit") })
	_, err = limits.Patch(t.Context(), "limit", types.MergePatchType, []byte(`{"spec":{"max":2}}`), metav1.PatchOptions{})
	testutil.Check(t, err)
	eventually(t, "the changed parameters are in force", func() bool { return try() == "<nil>" })
}

// TestPolicyTypeChecking waits for what the controller finds in a policy.
func TestPolicyTypeChecking(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=validatingadmissionpolicy-status-controller"}})
	c := kubernetes.NewForConfigOrDie(s.Config)
	establish(t, s.Config, listeners("checked.example.com"))
	policies := c.AdmissionregistrationV1().ValidatingAdmissionPolicies()
	for _, test := range []struct {
		name, expression string
		rules            []rule
		// want are parts of the warning about the expression, if there is to be one.
		want []string
	}{
		{"right", "object.spec.replicas > 1", on("apps", "v1", "deployments", "CREATE"), nil},
		{"built-in", "object.spec.replicas > '1'", on("apps", "v1", "deployments", "CREATE"),
			[]string{"apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'"}},
		{"custom", "object.spec.ports[0].port > '1' || object.spec.nothing", on("checked.example.com", "v1", "listeners", "CREATE"),
			[]string{"checked.example.com/v1, Kind=Listener: ", "found no matching overload for '_>_' applied to '(int, string)'", "undefined field 'nothing'"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := policies.Create(t.Context(), validatingPolicy(test.name, test.expression, test.rules), metav1.CreateOptions{})
			testutil.Check(t, err)
			var policy *validatingPolicyType
			eventually(t, "the policy is checked", func() bool {
				policy, err = policies.Get(t.Context(), test.name, metav1.GetOptions{})
				testutil.Check(t, err)
				return policy.Status.ObservedGeneration == policy.Generation
			})
			warnings := policy.Status.TypeChecking.ExpressionWarnings
			if (test.want == nil) != (len(warnings) == 0) {
				t.Errorf("warnings %v", warnings)
			}
			for _, want := range test.want {
				if w := warnings[0]; w.FieldRef != "spec.validations[0].expression" || !strings.Contains(w.Warning, want) {
					t.Errorf("%s: %s\nlacks %s", w.FieldRef, w.Warning, want)
				}
			}
		})
	}
}
