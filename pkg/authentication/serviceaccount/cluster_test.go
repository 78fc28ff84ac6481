package serviceaccount

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// cluster contains objects of a resource by namespace and name: those in the
// watch cache and those in etcd.
type cluster struct{ cached, live map[string]runtime.Object }

func newCluster(objects ...objects.Object) *cluster {
	c := &cluster{map[string]runtime.Object{}, map[string]runtime.Object{}}
	c.put(objects...)
	return c
}

func (c *cluster) put(objects ...objects.Object) {
	for _, obj := range objects {
		c.cached[key(obj)], c.live[key(obj)] = obj, obj
	}
}

func (c *cluster) remove(obj objects.Object) {
	delete(c.cached, key(obj))
	delete(c.live, key(obj))
}

func key(obj objects.Object) string { return kind(obj) + obj.GetNamespace() + "/" + obj.GetName() }

func kind(obj runtime.Object) string {
	switch obj.(type) {
	case *corev1.ServiceAccount:
		return "serviceaccounts:"
	case *corev1.Secret:
		return "secrets:"
	case *corev1.Pod:
		return "pods:"
	}
	return "nodes:"
}

// getter reads objects of one resource.
type getter struct {
	*cluster
	resource string
}

func (g getter) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	from := g.live
	if options.ResourceVersion == "0" {
		from = g.cached
	}
	if obj := from[g.resource+":"+genericapirequest.NamespaceValue(ctx)+"/"+name]; obj != nil {
		return obj, nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource(g.resource), name)
}

func (c *cluster) objects() *objects.Access {
	access := &objects.Access{}
	for _, resource := range []string{"serviceaccounts", "secrets", "pods", "nodes"} {
		access.Add(corev1.Resource(resource), getter{c, resource})
	}
	return access
}
