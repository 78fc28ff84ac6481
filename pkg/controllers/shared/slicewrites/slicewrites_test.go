package slicewrites

import (
	"errors"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	endpointsliceutil "k8s.io/endpointslice/util"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func slice(name, version string) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(name), ResourceVersion: version, Generation: 1,
		Labels: map[string]string{discoveryv1.LabelServiceName: "web"}}}
}

// TestSeen waits for a slice while the server has it, and not when somebody has deleted it.
func TestSeen(t *testing.T) {
	t.Parallel()
	client := fake.NewClientset(slice("a", "1"), slice("b", "2"))
	tracker := endpointsliceutil.NewEndpointSliceTracker()
	web := metav1.ObjectMeta{Namespace: "ns", Name: "web"}
	seen := func(slices ...*discoveryv1.EndpointSlice) error {
		return Seen(t.Context(), client.DiscoveryV1(), tracker, web, labels.Set{discoveryv1.LabelServiceName: "web"}.AsSelector(), slices)
	}
	testutil.Check(t, seen())
	tracker.Update(slice("a", "1"))
	tracker.Update(slice("b", "2"))
	testutil.Check(t, seen(slice("a", "1"), slice("b", "2")))
	if err := seen(slice("a", "1")); !errors.Is(err, errBehind) {
		t.Errorf("a slice that is stored is missing: %v", err)
	}
	testutil.Check(t, client.DiscoveryV1().EndpointSlices("ns").Delete(t.Context(), "b", metav1.DeleteOptions{}))
	if err := seen(slice("a", "0")); !errors.Is(err, errBehind) {
		t.Errorf("a slice is older than the stored one: %v", err)
	}
	testutil.Check(t, seen(slice("a", "1")))
	if tracker.Has(slice("b", "2")) {
		t.Error("the deleted slice is still expected")
	}
}
