package bootstrap

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
		corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
		corev1.SchemeGroupVersion.WithResource("configmaps"),
		corev1.SchemeGroupVersion.WithResource("services"),
		corev1.SchemeGroupVersion.WithResource("endpoints"),
		discoveryv1.SchemeGroupVersion.WithResource("endpointslices"),
		networkingv1.SchemeGroupVersion.WithResource("servicecidrs"),
		networkingv1.SchemeGroupVersion.WithResource("ipaddresses"),
		certificatesv1.SchemeGroupVersion.WithResource("clustertrustbundles"),
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

// Seed returns the objects with which a new cluster begins: as far as their resources are
// served, and as they are with the flags of the server. The hooks and the controllers
// create what is not among them; whoever changes these writes the seed anew.
func (n Needs) Seed(now time.Time) ([]storage.Seed, error) {
	all, err := seed()
	if err != nil {
		return nil, err
	}
	values := seedValues{Needs: n, now: metav1.NewTime(now).Rfc3339Copy()}
	var seeds []storage.Seed
	for _, resource := range SeededResources() {
		if !n.Serves(resource) {
			continue
		}
		for _, recorded := range all[resource] {
			object := recorded.DeepCopyObject().(seedObject)
			if values.set(object) {
				seeds = append(seeds, storage.Seed{Resource: resource.GroupResource(), Object: object})
			}
		}
	}
	return seeds, nil
}
