package e2e

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestLimitRangesAreInForceAtOnce creates, changes and deletes limit ranges. The
// request after the answer must meet the new state.
func TestLimitRangesAreInForceAtOnce(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t).Config)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: named("c"), Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Gi")}}}}
	try := func(round int, want string) {
		t.Helper()
		_, err := c.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), claim, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if got := fmt.Sprint(err); got != want {
			t.Fatalf("round %d: %s, want %s", round, got, want)
		}
	}
	ranges := c.CoreV1().LimitRanges("default")
	const denied = `persistentvolumeclaims "c" is forbidden: minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi`
	for round := range 50 {
		_, err := ranges.Create(t.Context(), &corev1.LimitRange{ObjectMeta: named("bounds"), Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypePersistentVolumeClaim, Min: corev1.ResourceList{"storage": resource.MustParse("2Gi")}}}}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		try(round, denied)
		for _, change := range []struct{ least, want string }{{"1Gi", "<nil>"}, {"2Gi", denied}} {
			_, err = ranges.Patch(t.Context(), "bounds", types.JSONPatchType,
				fmt.Appendf(nil, `[{"op":"replace","path":"/spec/limits/0/min/storage","value":%q}]`, change.least), metav1.PatchOptions{})
			testutil.Check(t, err)
			try(round, change.want)
		}
		testutil.Check(t, ranges.Delete(t.Context(), "bounds", metav1.DeleteOptions{}))
		try(round, "<nil>")
	}
}
