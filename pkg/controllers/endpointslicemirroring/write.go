package endpointslicemirroring

import (
	"context"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	endpointsliceutil "k8s.io/endpointslice/util"
)

// changes are the slices to write.
type changes struct{ create, update, remove []*discoveryv1.EndpointSlice }

// compare returns the changes that make the existing slices those of the Endpoints. A
// slice that would be deleted is used for a new one of the same family.
func compare(endpoints *corev1.Endpoints, groups map[group]*content, existing []*discoveryv1.EndpointSlice) changes {
	var todo changes
	byGroup := map[group][]*discoveryv1.EndpointSlice{}
	slices.SortFunc(existing, func(a, b *discoveryv1.EndpointSlice) int { return strings.Compare(a.Name, b.Name) })
	for _, slice := range existing {
		g := group{slice.AddressType, endpointsliceutil.NewPortMapKey(slices.Clone(slice.Ports))}
		if groups[g] == nil {
			todo.remove = append(todo.remove, slice)
			continue
		}
		byGroup[g] = append(byGroup[g], slice)
	}
	for g, content := range groups {
		old := byGroup[g]
		for _, chunk := range content.chunks() {
			slice := newSlice(endpoints, g.family, content.ports, chunk)
			if len(old) == 0 {
				todo.create = append(todo.create, slice)
				continue
			}
			if !same(old[0], slice) {
				slice.GenerateName = ""
				todo.update = append(todo.update, replacing(old[0], slice))
			}
			old = old[1:]
		}
		todo.remove = append(todo.remove, old...)
	}
	todo.reuse()
	return todo
}

// reuse turns pairs of a deletion and a creation into updates.
func (t *changes) reuse() {
	t.create = slices.DeleteFunc(t.create, func(slice *discoveryv1.EndpointSlice) bool {
		i := slices.IndexFunc(t.remove, func(old *discoveryv1.EndpointSlice) bool { return old.AddressType == slice.AddressType })
		if i >= 0 {
			t.update = append(t.update, replacing(t.remove[i], slice))
			t.remove = slices.Delete(t.remove, i, i+1)
		}
		return i >= 0
	})
}

// replacing returns the slice with the identity of the one that it replaces.
func replacing(old, slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	slice.Name, slice.UID, slice.ResourceVersion, slice.Generation = old.Name, old.UID, old.ResourceVersion, old.Generation
	return slice
}

// same reports whether a slice has the wanted content.
func same(old, wanted *discoveryv1.EndpointSlice) bool {
	return apiequality.Semantic.DeepEqual(inOrder(old.Endpoints), wanted.Endpoints) && maps.Equal(old.Labels, wanted.Labels) &&
		maps.Equal(old.Annotations, wanted.Annotations) && apiequality.Semantic.DeepEqual(old.OwnerReferences, wanted.OwnerReferences)
}

// newSlice returns a slice with the labels and annotations of the Endpoints.
func newSlice(endpoints *corev1.Endpoints, family discoveryv1.AddressType, ports []discoveryv1.EndpointPort,
	chunk []discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: prefix(endpoints.Name), Namespace: endpoints.Namespace, Labels: map[string]string{}, Annotations: map[string]string{},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(endpoints, corev1.SchemeGroupVersion.WithKind("Endpoints"))},
		},
		AddressType: family, Ports: ports, Endpoints: chunk,
	}
	maps.Copy(slice.Labels, endpoints.Labels)
	slice.Labels[discoveryv1.LabelServiceName], slice.Labels[discoveryv1.LabelManagedBy] = endpoints.Name, manager
	maps.Copy(slice.Annotations, endpoints.Annotations)
	delete(slice.Annotations, corev1.EndpointsLastChangeTriggerTime)
	delete(slice.Annotations, corev1.LastAppliedConfigAnnotation)
	return slice
}

// prefix returns what the names of slices begin with.
func prefix(name string) string {
	if len(apivalidation.NameIsDNSSubdomain(name+"-", true)) > 0 {
		return name
	}
	return name + "-"
}

// write makes the changes.
func (c *controller) write(ctx context.Context, namespace string, todo changes) error {
	client := c.client.DiscoveryV1().EndpointSlices(namespace)
	for _, slice := range todo.create {
		created, err := client.Create(ctx, slice, metav1.CreateOptions{})
		if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil
		}
		if err != nil {
			return err
		}
		c.written.Update(created)
	}
	for _, slice := range todo.update {
		updated, err := client.Update(ctx, slice, metav1.UpdateOptions{})
		if err != nil {
			return err
		}
		c.written.Update(updated)
	}
	for _, slice := range todo.remove {
		if err := client.Delete(ctx, slice.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		c.written.ExpectDeletion(slice)
	}
	return nil
}
