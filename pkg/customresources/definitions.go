package customresources

import (
	"context"
	"fmt"
	"time"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	client "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// resource names the definitions themselves.
var resource = apiextensionsv1.SchemeGroupVersion.WithResource("customresourcedefinitions")

// definitions follows the definitions in the storage. Its informer has summaries:
// they lack the schemas and the managed fields, which are nearly all of a definition
// and are needed by few, at the first use of a resource. These few call full.
//
// It implements informers.CustomResourceDefinitionInformer.
type definitions struct {
	objects  *objects.Access
	informer cache.SharedIndexInformer
}

func newDefinitions(access *objects.Access) *definitions {
	return &definitions{access, objects.NewInformer(access, resource, objects.InformerOptions{Resync: resyncInterval, Transform: summarize})}
}

// summarize returns a transformation to summaries, which share their strings with what the
// given one returns.
func summarize(shared cache.TransformFunc) cache.TransformFunc {
	return func(obj any) (any, error) {
		if _, summary := obj.(*apiextensionsv1.CustomResourceDefinition); summary {
			return obj, nil
		}
		obj, err := shared(obj)
		if err != nil {
			return nil, err
		}
		if crd, ok := obj.(*internal.CustomResourceDefinition); ok {
			return apiextensions.Summary(crd)
		}
		return obj, nil // what has been deleted while the watch was interrupted
	}
}

// Informer implements informers.CustomResourceDefinitionInformer.
func (d *definitions) Informer() cache.SharedIndexInformer { return d.informer }

// Lister implements informers.CustomResourceDefinitionInformer.
func (d *definitions) Lister() listers.CustomResourceDefinitionLister {
	return listers.NewCustomResourceDefinitionLister(d.informer.GetIndexer())
}

// fullTimeout limits the time for reading a definition.
const fullTimeout = 30 * time.Second

// full returns a definition with its schemas, as it is in etcd now. Its metadata and
// names must not be changed.
func (d *definitions) full(ctx context.Context, name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	ctx, cancel := context.WithTimeout(ctx, fullTimeout)
	defer cancel()
	packed, err := objects.GetLive[*internal.CustomResourceDefinition](ctx, d.objects, resource.GroupResource(), "", name)
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := apiextensions.Scheme.Convert(packed, crd, nil); err != nil {
		return nil, fmt.Errorf("definition %s: %w", name, err)
	}
	return crd, nil
}

// statusClient lets the controllers of the library write the status of summaries: it
// completes them, so that the request has the whole definition as it has in
// kube-apiserver, and returns a summary.
type statusClient struct {
	client.CustomResourceDefinitionInterface
	definitions *definitions
}

// CustomResourceDefinitions implements client.CustomResourceDefinitionsGetter.
func (c statusClient) CustomResourceDefinitions() client.CustomResourceDefinitionInterface { return c }

// UpdateStatus implements client.CustomResourceDefinitionInterface.
func (c statusClient) UpdateStatus(ctx context.Context, summary *apiextensionsv1.CustomResourceDefinition, options metav1.UpdateOptions,
) (*apiextensionsv1.CustomResourceDefinition, error) {
	crd, err := c.definitions.full(ctx, summary.Name)
	if err != nil {
		return nil, err
	}
	if crd.UID != summary.UID || crd.ResourceVersion != summary.ResourceVersion {
		return nil, apierrors.NewConflict(resource.GroupResource(), summary.Name, errOutdated)
	}
	crd.Finalizers, crd.Status = summary.Finalizers, summary.Status
	if crd, err = c.CustomResourceDefinitionInterface.UpdateStatus(ctx, crd, options); err != nil {
		return nil, err
	}
	crd.ManagedFields = nil
	for i := range crd.Spec.Versions {
		crd.Spec.Versions[i].Schema = nil
	}
	return crd, nil
}

var errOutdated = fmt.Errorf("it was changed meanwhile")

// schemaView is the definitions for the controller that checks whether schemas are
// structural. The schemas of all others were refused if they are not.
type schemaView struct{ *definitions }

// Lister implements informers.CustomResourceDefinitionInformer.
func (v schemaView) Lister() listers.CustomResourceDefinitionLister {
	return schemaLister{v.definitions.Lister(), v.definitions}
}

type schemaLister struct {
	listers.CustomResourceDefinitionLister
	definitions *definitions
}

// Get implements listers.CustomResourceDefinitionLister.
func (l schemaLister) Get(name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	summary, err := l.CustomResourceDefinitionLister.Get(name)
	if err != nil || !summary.Spec.PreserveUnknownFields {
		return summary, err
	}
	return l.definitions.full(context.Background(), name)
}
