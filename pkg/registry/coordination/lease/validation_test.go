package lease

import (
	"fmt"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		spec coordinationv1.LeaseSpec
		want string
	}{
		"empty":        {coordinationv1.LeaseSpec{}, ""},
		"no time":      {coordinationv1.LeaseSpec{LeaseDurationSeconds: ptr.To[int32](0)}, "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"},
		"first holder": {coordinationv1.LeaseSpec{LeaseTransitions: ptr.To[int32](0)}, ""},
		"transitions": {coordinationv1.LeaseSpec{LeaseTransitions: ptr.To[int32](-1)},
			"spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"},
		"preferred": {coordinationv1.LeaseSpec{PreferredHolder: ptr.To("you")},
			"spec.preferredHolder: Forbidden: may only be specified when `strategy` is defined"},
		"coordinated":  {coordinationv1.LeaseSpec{PreferredHolder: ptr.To("you"), Strategy: ptr.To(coordinationv1.OldestEmulationVersion)}, ""},
		"own strategy": {coordinationv1.LeaseSpec{Strategy: ptr.To[coordinationv1.CoordinatedLeaseStrategy]("example.com/mine")}, ""},
		"odd strategy": {coordinationv1.LeaseSpec{Strategy: ptr.To[coordinationv1.CoordinatedLeaseStrategy]("Youngest")},
			`spec.strategy: Unsupported value: "Youngest": supported values: "OldestEmulationVersion"`},
		"many strategy": {coordinationv1.LeaseSpec{Strategy: ptr.To[coordinationv1.CoordinatedLeaseStrategy]("a/b/c")},
			`spec.strategy: Invalid value: "a/b/c": a valid label key must consist`},
	} {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "l", Namespace: "n", ResourceVersion: "1"}, Spec: c.spec}
		for verb, errs := range map[string]any{"create": Resource.ValidateNew(t.Context(), lease), "update": Resource.ValidateChange(t.Context(), "", lease, lease)} {
			if got := strings.Trim(fmt.Sprint(errs), "[]"); got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
				t.Errorf("%s, %s: %s, want %s", name, verb, got, c.want)
			}
		}
	}
}

// TestDropCoordination checks that the fields of coordinated leader election,
// which is disabled, are cleared unless the old lease uses them.
func TestDropCoordination(t *testing.T) {
	coordinated := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{Strategy: ptr.To(coordinationv1.OldestEmulationVersion)}}
	for name, c := range map[string]struct {
		old  *coordinationv1.Lease
		kept bool
	}{"create": {nil, false}, "update": {&coordinationv1.Lease{}, false}, "update of a coordinated lease": {coordinated, true}} {
		lease := coordinated.DeepCopy()
		dropCoordination(lease, c.old)
		if kept := lease.Spec.Strategy != nil; kept != c.kept {
			t.Errorf("%s: kept %v", name, kept)
		}
	}
}
