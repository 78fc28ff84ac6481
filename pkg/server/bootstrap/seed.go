package bootstrap

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/uuid"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
)

// seedFile has the objects that the hooks, and the controllers of the library, create
// in every new cluster and that are the same in all of them, an object a line. They
// have neither UIDs nor times. A test compares them with what is created.
//
//go:embed seed.json
var seedFile []byte

// SeededResources returns the resources of which the seed has objects.
func SeededResources() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		corev1.SchemeGroupVersion.WithResource("namespaces"),
		rbacv1.SchemeGroupVersion.WithResource("clusterroles"),
		rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"),
		rbacv1.SchemeGroupVersion.WithResource("roles"),
		rbacv1.SchemeGroupVersion.WithResource("rolebindings"),
		schedulingv1.SchemeGroupVersion.WithResource("priorityclasses"),
		flowcontrolv1.SchemeGroupVersion.WithResource("prioritylevelconfigurations"),
		flowcontrolv1.SchemeGroupVersion.WithResource("flowschemas"),
		apiregistrationv1.SchemeGroupVersion.WithResource("apiservices"),
	}
}

// seed are the objects of the file by resource, decoded once. They are never changed.
var seed = sync.OnceValues(func() (map[schema.GroupVersionResource][]runtime.Object, error) {
	file := map[string][]json.RawMessage{}
	if err := json.Unmarshal(seedFile, &file); err != nil {
		return nil, fmt.Errorf("seed.json: %w", err)
	}
	decoded, decoder := map[schema.GroupVersionResource][]runtime.Object{}, apis.Codecs.UniversalDeserializer()
	for _, resource := range SeededResources() {
		for _, line := range file[resource.Resource] {
			object, _, err := decoder.Decode(line, nil, nil)
			if err != nil {
				return nil, fmt.Errorf("seed.json: %s: %w", resource.Resource, err)
			}
			decoded[resource] = append(decoded[resource], object)
		}
	}
	return decoded, nil
})

// Seed returns the objects with which a new cluster begins, each with a UID of its own: those
// whose resources are served, and the APIServices of the versions that are. The hooks
// create what is not among them, and whoever changes the hooks writes the seed anew.
func Seed(serves func(schema.GroupVersionResource) bool, versions map[schema.GroupVersion]bool, now time.Time) ([]storage.Seed, error) {
	all, err := seed()
	if err != nil {
		return nil, err
	}
	var seeds []storage.Seed
	for _, resource := range SeededResources() {
		if !serves(resource) {
			continue
		}
		for _, object := range all[resource] {
			if api, ok := object.(*apiregistrationv1.APIService); ok && !versions[schema.GroupVersion{Group: api.Spec.Group, Version: api.Spec.Version}] {
				continue
			}
			seeds = append(seeds, storage.Seed{Resource: resource.GroupResource(), Object: fresh(object, metav1.NewTime(now).Rfc3339Copy())})
		}
	}
	return seeds, nil
}

// fresh returns a copy of an object with a UID and with the time of its creation.
func fresh(object runtime.Object, now metav1.Time) seedObject {
	o := object.DeepCopyObject().(seedObject)
	o.SetUID(uuid.NewUUID())
	o.SetCreationTimestamp(now)
	managers := o.GetManagedFields()
	for i := range managers {
		managers[i].Time = &now
	}
	switch o := o.(type) {
	case *flowcontrolv1.FlowSchema:
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = now
		}
	case *apiregistrationv1.APIService:
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].LastTransitionTime = now
		}
	}
	return o
}

type seedObject interface {
	runtime.Object
	metav1.Object
}
