package quota

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

// evaluatorOf returns the evaluator of a resource.
func evaluatorOf(t *testing.T, group, resource string, objects ...runtime.Object) apiquota.Evaluator {
	t.Helper()
	e := generic.NewRegistry(NewConfiguration(fake.NewClientset(objects...), NoListers).Evaluators()).Get(schema.GroupResource{Group: group, Resource: resource})
	if e == nil {
		t.Fatalf("no evaluator of %s", resource)
	}
	return e
}

// parse returns the object that a text in YAML describes.
func parse[T any](t *testing.T, text string) *T {
	t.Helper()
	obj := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), obj); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return obj
}

// list returns resources as name=quantity, by name and without zeros.
func list(resources corev1.ResourceList) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(resources)) {
		if quantity := resources[name]; !quantity.IsZero() {
			all = append(all, fmt.Sprintf("%s=%s", name, quantity.String()))
		}
	}
	return strings.Join(all, " ")
}

// checkUsage compares what an object uses.
func checkUsage(t *testing.T, e apiquota.Evaluator, obj runtime.Object, want string) {
	t.Helper()
	used, err := e.Usage(obj)
	if err != nil {
		t.Fatal(err)
	}
	if got := list(used); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestMatching(t *testing.T) {
	names := []corev1.ResourceName{
		"pods", "count/pods", "cpu", "requests.cpu", "limits.memory", "limits.ephemeral-storage", "hugepages-2Mi", "requests.hugepages-2Mi", "requests.a.com/gpu",
		"a.com/gpu", "limits.a.com/gpu", "requests.kubernetes.io/x", "requests.deviceclass.resource.kubernetes.io/fast", "fast.deviceclass.resource.k8s.io/devices",
		"requests.storage", "persistentvolumeclaims", "gold.storageclass.storage.k8s.io/requests.storage", "gold.storageclass.storage.k8s.io/persistentvolumeclaims",
		"gold.storageclass.storage.k8s.io/count", "services", "services.nodeports", "services.loadbalancers", "configmaps", "count/configmaps",
		"count/resourceclaims.resource.k8s.io", "requests.b.com/gpu",
	}
	classes := parse[deviceClass](t, "{metadata: {name: fast}, spec: {extendedResourceName: b.com/gpu}}")
	for _, test := range []struct{ group, resource, want string }{
		{"", "pods", "pods count/pods cpu requests.cpu limits.memory limits.ephemeral-storage hugepages-2Mi requests.hugepages-2Mi requests.a.com/gpu " +
			"requests.deviceclass.resource.kubernetes.io/fast requests.b.com/gpu"},
		{"", "services", "services services.nodeports services.loadbalancers"},
		{"", "persistentvolumeclaims", "requests.storage persistentvolumeclaims gold.storageclass.storage.k8s.io/requests.storage " +
			"gold.storageclass.storage.k8s.io/persistentvolumeclaims"},
		{"resource.k8s.io", "resourceclaims", "requests.deviceclass.resource.kubernetes.io/fast fast.deviceclass.resource.k8s.io/devices " +
			"count/resourceclaims.resource.k8s.io requests.b.com/gpu"},
		{"", "configmaps", "configmaps count/configmaps"},
	} {
		t.Run(test.resource, func(t *testing.T) {
			got := evaluatorOf(t, test.group, test.resource, classes).MatchingResources(names)
			if s := strings.Trim(fmt.Sprint(got), "[]"); s != test.want {
				t.Errorf("%s\nwant %s", s, test.want)
			}
		})
	}
}

func TestHandles(t *testing.T) {
	plain, deadline := parse[corev1.Pod](t, "{spec: {}}"), parse[corev1.Pod](t, "{spec: {activeDeadlineSeconds: 5}}")
	for _, test := range []struct {
		name, resource, subresource string
		operation                   apiadmission.Operation
		obj, old                    runtime.Object
		want                        bool
	}{
		{"create", "pods", "", apiadmission.Create, plain, nil, true},
		{"binding", "pods", "binding", apiadmission.Create, plain, nil, false},
		{"delete", "pods", "", apiadmission.Delete, nil, plain, false},
		{"resize", "pods", "resize", apiadmission.Update, plain, plain, true},
		{"status of a pod", "pods", "status", apiadmission.Update, deadline, plain, false},
		{"label", "pods", "", apiadmission.Update, plain, plain, false},
		{"deadline", "pods", "", apiadmission.Update, deadline, plain, true},
		{"other deadline", "pods", "", apiadmission.Update, deadline, deadline, false},
		{"service", "services", "", apiadmission.Update, &corev1.Service{}, &corev1.Service{}, true},
		{"status of a service", "services", "status", apiadmission.Update, &corev1.Service{}, &corev1.Service{}, false},
		{"claim", "persistentvolumeclaims", "", apiadmission.Update, &corev1.PersistentVolumeClaim{}, &corev1.PersistentVolumeClaim{}, true},
		{"status of a claim", "persistentvolumeclaims", "status", apiadmission.Update, &corev1.PersistentVolumeClaim{}, &corev1.PersistentVolumeClaim{}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apiadmission.NewAttributesRecord(test.obj, test.old, schema.GroupVersionKind{}, "ns", "n",
				corev1.SchemeGroupVersion.WithResource(test.resource), test.subresource, test.operation, nil, false, nil)
			if got := evaluatorOf(t, "", test.resource).Handles(a); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// TestUncoveredScopes takes a scope for covered when a quota has one of this name.
func TestUncoveredScopes(t *testing.T) {
	limited := []selector{
		{ScopeName: corev1.ResourceQuotaScopePriorityClass, Operator: corev1.ScopeSelectorOpIn, Values: []string{"a"}},
		{ScopeName: corev1.ResourceQuotaScopeTerminating, Operator: corev1.ScopeSelectorOpExists},
	}
	uncovered, err := evaluatorOf(t, "", "pods").UncoveredQuotaScopes(limited,
		[]selector{{ScopeName: corev1.ResourceQuotaScopePriorityClass, Operator: corev1.ScopeSelectorOpExists}})
	if err != nil || len(uncovered) != 1 || uncovered[0].ScopeName != corev1.ResourceQuotaScopeTerminating {
		t.Errorf("%v %v", uncovered, err)
	}
}

// TestUsageOfNamespace counts the objects of a namespace that are in the scope of a
// quota.
func TestUsageOfNamespace(t *testing.T) {
	pods := []runtime.Object{
		parse[corev1.Pod](t, "{spec: {containers: [{name: c, resources: {requests: {cpu: 100m}}}]}}"),
		parse[corev1.Pod](t, "{spec: {activeDeadlineSeconds: 1, containers: [{name: c, resources: {requests: {cpu: 1}}}]}}"),
		parse[corev1.Pod](t, "{spec: {containers: [{name: c, resources: {requests: {cpu: 4}}}]}, status: {phase: Failed}}"),
	}
	listers := func(resource schema.GroupVersionResource) generic.ListFuncByNamespace {
		return func(string) ([]runtime.Object, error) {
			if resource.Resource == "pods" {
				return pods, nil
			}
			return nil, fmt.Errorf("nobody asks for %s", resource.Resource)
		}
	}
	registry := generic.NewRegistry(NewConfiguration(fake.NewClientset(), listers).Evaluators())
	hard := corev1.ResourceList{"pods": resource.MustParse("9"), "requests.cpu": resource.MustParse("9"), "count/pods": resource.MustParse("9")}
	for _, test := range []struct {
		name   string
		scopes []corev1.ResourceQuotaScope
		want   string
	}{
		{"all", nil, "count/pods=3 pods=2 requests.cpu=1100m"},
		{"scope", []corev1.ResourceQuotaScope{corev1.ResourceQuotaScopeNotTerminating}, "count/pods=2 pods=1 requests.cpu=100m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			used, err := apiquota.CalculateUsage("ns", test.scopes, hard, registry, nil)
			if got := list(used); err != nil || got != test.want {
				t.Errorf("%s %v, want %s", got, err, test.want)
			}
		})
	}
}
