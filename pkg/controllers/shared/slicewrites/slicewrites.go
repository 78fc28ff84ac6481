// Package slicewrites tells controllers of EndpointSlices whether their informer has seen
// all that they have written.
package slicewrites

import (
	"context"
	"errors"
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	discoveryv1client "k8s.io/client-go/kubernetes/typed/discovery/v1"
	endpointsliceutil "k8s.io/endpointslice/util"
)

// errBehind makes a controller try again later.
var errBehind = errors.New("the informer has not seen all slices that were written before")

// Seen returns an error if the informer, which has these slices of a service that are
// selected by their labels, has not seen all slices that were written.
//
// The tracker learns of a write when its answer arrives. If somebody else deletes the slice
// meanwhile, and the informer reports that first, the tracker waits for the slice forever.
// So the server is asked before a controller has to wait, and if the informer has all that
// the server has, the tracker forgets the service. Slices that wait for finalizers after
// their deletion do not count.
func Seen(ctx context.Context, client discoveryv1client.EndpointSlicesGetter, tracker *endpointsliceutil.EndpointSliceTracker,
	service metav1.ObjectMeta, selector labels.Selector, slices []*discoveryv1.EndpointSlice) error {
	slices = Living(slices)
	if !tracker.StaleSlices(&corev1.Service{ObjectMeta: service}, slices) {
		return nil
	}
	list, err := client.EndpointSlices(service.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return err
	}
	have, stored := map[types.UID]string{}, map[types.UID]string{}
	for _, slice := range slices {
		have[slice.UID] = slice.ResourceVersion
	}
	for _, slice := range list.Items {
		if slice.DeletionTimestamp == nil {
			stored[slice.UID] = slice.ResourceVersion
		}
	}
	if !maps.Equal(have, stored) {
		return errBehind
	}
	tracker.DeleteService(service.Namespace, service.Name)
	return nil
}

// Living returns the slices that are not being deleted.
func Living(all []*discoveryv1.EndpointSlice) (living []*discoveryv1.EndpointSlice) {
	for _, slice := range all {
		if slice.DeletionTimestamp == nil {
			living = append(living, slice)
		}
	}
	return living
}
