package storage

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func withFields(raw string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{
		{Manager: "without"}, {Manager: "with", FieldsV1: &metav1.FieldsV1{Raw: []byte(raw)}},
	}}}
}

func first(pod *corev1.Pod) *byte { return &pod.ManagedFields[1].FieldsV1.Raw[0] }

// TestFieldSetsAreShared checks which objects get the same bytes, and that the
// number of remembered bytes is bounded.
func TestFieldSetsAreShared(t *testing.T) {
	sets := &fieldSets{}
	share := func(raw string) *corev1.Pod {
		pod := withFields(raw)
		sets.share(pod)
		if got := string(pod.ManagedFields[1].FieldsV1.Raw); got != raw {
			t.Fatalf("the fields are %.40s, want %.40s", got, raw)
		}
		return pod
	}
	sets.share(&corev1.PodList{})
	same := share(`{"f:spec":{}}`)
	if first(share(`{"f:spec":{}}`)) != first(same) {
		t.Error("equal sets are not shared")
	}
	if first(share(`{"f:status":{}}`)) == first(same) {
		t.Error("different sets are shared")
	}
	large := strings.Repeat("x", maxFieldSet+1)
	if large1, large2 := share(large), share(large); first(large1) == first(large2) {
		t.Error("a set that is too large is remembered")
	}
	// A set that is read again and again is remembered, others are forgotten.
	const size = 1000
	once := share("once")
	for i := range 3 * maxFieldSets / size {
		share(fmt.Sprintf("%0*d", size, i))
		if first(share(`{"f:spec":{}}`)) != first(same) {
			t.Fatal("a set in use has been forgotten")
		}
	}
	if first(share("once")) == first(once) {
		t.Error("a set that is not in use has been remembered")
	}
	bytes := 0
	for _, generation := range []map[string][]byte{sets.young, sets.older} {
		for set := range generation {
			bytes += len(set)
		}
	}
	if bytes > 2*maxFieldSets {
		t.Errorf("%d bytes are remembered", bytes)
	}
	if raw := same.ManagedFields[1].FieldsV1.Raw; cap(raw) != len(raw) {
		t.Error("appending to a shared set would change it")
	}
}
