package disruption

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// owners finds how many pods the owners of pods are to have, by the scale subresource
// that workloads have, custom ones too.
type owners struct {
	discovery discovery.DiscoveryInterface
	metadata  metadata.Interface
	// scale reads the scale of an object.
	scale func(ctx context.Context, resource schema.GroupVersionResource, namespace, name string) (*autoscalingv1.Scale, error)
}

func newOwners(d controllers.Deps) *owners {
	return &owners{
		discovery: d.Client.Discovery(), metadata: d.Metadata,
		scale: func(ctx context.Context, r schema.GroupVersionResource, namespace, name string) (*autoscalingv1.Scale, error) {
			prefix := []string{"apis", r.Group, r.Version}
			if r.Group == "" {
				prefix = []string{"api", r.Version}
			}
			scale := &autoscalingv1.Scale{}
			err := d.Client.CoreV1().RESTClient().Get().AbsPath(append(prefix, "namespaces", namespace, r.Resource, name, "scale")...).Do(ctx).Into(scale)
			return scale, err
		},
	}
}

// replicas returns the sum of the replicas of all controllers of pods, and whether some
// pods have none.
func (o *owners) replicas(ctx context.Context, pods []*corev1.Pod) (sum int32, unmanaged bool, err error) {
	counted := map[types.UID]bool{}
	seen := map[types.UID]bool{}
	for _, pod := range pods {
		ref := metav1.GetControllerOf(pod)
		if ref == nil {
			unmanaged = true
			continue
		}
		if seen[ref.UID] {
			continue
		}
		seen[ref.UID] = true
		uid, count, err := o.count(ctx, pod.Namespace, ref)
		if err != nil {
			return 0, unmanaged, err
		}
		if uid == "" {
			return 0, unmanaged, fmt.Errorf("found no controllers for pod %q", pod.Name)
		}
		if !counted[uid] {
			counted[uid] = true
			sum += count
		}
	}
	return sum, unmanaged, nil
}

// count returns the replicas of the owner of a pod, and its UID, which is empty if the
// owner does not exist. The owner of a replica set may be a deployment, which counts
// instead.
func (o *owners) count(ctx context.Context, namespace string, ref *metav1.OwnerReference) (types.UID, int32, error) {
	resource, err := o.resource(ref)
	if err != nil {
		return "", 0, err
	}
	if resource.GroupResource() == appsv1.Resource("replicasets") {
		set, err := o.metadata.Resource(resource).Namespace(namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return "", 0, ignoreNotFound(err)
		}
		if above := metav1.GetControllerOf(set); set.UID == ref.UID && above != nil && above.Kind == "Deployment" {
			if uid, count, err := o.count(ctx, namespace, above); err != nil || uid != "" {
				return uid, count, err
			}
		}
	}
	scale, err := o.scale(ctx, resource, namespace, ref.Name)
	if err != nil || scale.UID != ref.UID {
		return "", 0, ignoreNotFound(err)
	}
	return scale.UID, scale.Spec.Replicas, nil
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// resource returns the resource of an owner, which has to have a scale.
func (o *owners) resource(ref *metav1.OwnerReference) (schema.GroupVersionResource, error) {
	gv, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return schema.GroupVersionResource{}, err
	}
	if gv.Group == appsv1.GroupName {
		gv = appsv1.SchemeGroupVersion // has all kinds of its former versions
	}
	list, err := o.discovery.ServerResourcesForGroupVersion(gv.String())
	if err != nil && !apierrors.IsNotFound(err) {
		return schema.GroupVersionResource{}, err
	}
	if err == nil {
		i := slices.IndexFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Kind == ref.Kind && r.Namespaced && !isSubresource(r.Name) })
		if i >= 0 {
			resource := gv.WithResource(list.APIResources[i].Name)
			if !slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Name == resource.Resource+"/scale" }) {
				return resource, fmt.Errorf("%s does not implement the scale subresource", resource.GroupResource())
			}
			return resource, nil
		}
	}
	return schema.GroupVersionResource{}, &meta.NoKindMatchError{GroupKind: gv.WithKind(ref.Kind).GroupKind(), SearchedVersions: []string{gv.Version}}
}

func isSubresource(name string) bool { return strings.Contains(name, "/") }
