package bootstrap

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// needsOf returns what hooks need to write to a client without a server, and to read what it
// has.
func needsOf(client *fake.Clientset) Needs {
	access := &objects.Access{}
	for resource, kind := range map[schema.GroupVersionResource]string{
		configMapResource: "ConfigMap", serviceResource: "Service", leaseResource: "Lease",
		priorityLevelResource: "PriorityLevelConfiguration", flowSchemaResource: "FlowSchema",
		clusterRoleResource: "ClusterRole", clusterRoleBindingResource: "ClusterRoleBinding", roleResource: "Role", roleBindingResource: "RoleBinding",
	} {
		access.Add(resource.GroupResource(), tracked{client: client, resource: resource, kind: kind})
	}
	return Needs{Client: client, Objects: access}
}

// tracked is storage of the objects that a client has.
type tracked struct {
	rest.TableConvertor
	client   *fake.Clientset
	resource schema.GroupVersionResource
	kind     string
}

// Get implements rest.Getter.
func (s tracked) Get(ctx context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	return s.client.Tracker().Get(s.resource, genericapirequest.NamespaceValue(ctx), name)
}

// NewList implements rest.Lister.
func (tracked) NewList() runtime.Object { return nil }

// List implements rest.Lister.
func (s tracked) List(ctx context.Context, options *metainternalversion.ListOptions) (runtime.Object, error) {
	all, err := s.client.Tracker().List(s.resource, s.resource.GroupVersion().WithKind(s.kind), genericapirequest.NamespaceValue(ctx))
	if err != nil {
		return nil, err
	}
	items, err := meta.ExtractList(all)
	if err != nil {
		return nil, err
	}
	var selected []runtime.Object
	for _, item := range items {
		object, err := meta.Accessor(item)
		if err != nil {
			return nil, err
		}
		if options.LabelSelector.Matches(labels.Set(object.GetLabels())) {
			selected = append(selected, item)
		}
	}
	return all, meta.SetList(all, selected)
}
