package e2e

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/pvcprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/pvprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/ttlafterfinished"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestControllersClaimProtection deletes a claim that a pod uses.
func TestControllersClaimProtection(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: controllersOnly(pvcprotection.Name)}).Config)
	claims := c.CoreV1().PersistentVolumeClaims("default")
	quantity := corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: named("claim"), Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Resources: corev1.VolumeResourceRequirements{Requests: quantity}}}
	_, err := claims.Create(t.Context(), claim, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = claims.Patch(t.Context(), "claim", types.MergePatchType, removeFinalizers, metav1.PatchOptions{})
	testutil.Check(t, err)
	eventually(t, "the finalizer comes back", func() bool {
		claim, err := claims.Get(t.Context(), "claim", metav1.GetOptions{})
		return err == nil && len(claim.Finalizers) == 1
	})
	user := pod("user")
	user.Spec.NodeName = "node"
	user.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"}}}}
	_, err = c.CoreV1().Pods("default").Create(t.Context(), user, metav1.CreateOptions{})
	testutil.Check(t, err)
	free := claim.DeepCopy()
	free.Name = "free"
	_, err = claims.Create(t.Context(), free, metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, name := range []string{"claim", "free"} {
		testutil.Check(t, claims.Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	gone := func(name string) func() bool {
		return func() bool {
			_, err := claims.Get(t.Context(), name, metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}
	}
	eventually(t, "the claim that nobody uses goes", gone("free"))
	if gone("claim")() {
		t.Error("the claim is gone while a pod uses it")
	}
	testutil.Check(t, c.CoreV1().Pods("default").Delete(t.Context(), "user", metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)}))
	eventually(t, "the claim goes", gone("claim"))
}

// TestControllersVolumeProtection deletes a volume that is bound.
func TestControllersVolumeProtection(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: controllersOnly(pvprotection.Name)}).Config)
	volumes := c.CoreV1().PersistentVolumes()
	phase := func(name string, phase corev1.PersistentVolumePhase) {
		t.Helper()
		_, err := volumes.Patch(t.Context(), name, types.MergePatchType, []byte(`{"status":{"phase":"`+phase+`"}}`), metav1.PatchOptions{}, "status")
		testutil.Check(t, err)
	}
	for _, name := range []string{"bound", "free"} {
		_, err := volumes.Create(t.Context(), &corev1.PersistentVolume{ObjectMeta: named(name), Spec: corev1.PersistentVolumeSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/x"}}}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		phase(name, map[string]corev1.PersistentVolumePhase{"bound": corev1.VolumeBound, "free": corev1.VolumeAvailable}[name])
		testutil.Check(t, volumes.Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	gone := func(name string) func() bool {
		return func() bool {
			_, err := volumes.Get(t.Context(), name, metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}
	}
	eventually(t, "the free volume goes", gone("free"))
	if gone("bound")() {
		t.Error("the bound volume is gone")
	}
	phase("bound", corev1.VolumeReleased)
	eventually(t, "the released volume goes", gone("bound"))
}

// TestControllersFinishedJobs finishes jobs with and without a ttl.
func TestControllersFinishedJobs(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: controllersOnly(ttlafterfinished.Name)}).Config)
	jobs := c.BatchV1().Jobs("default")
	for name, ttl := range map[string]*int32{"kept": nil, "later": ptr.To[int32](1000000), "soon": ptr.To[int32](1)} {
		_, err := jobs.Create(t.Context(), &batchv1.Job{ObjectMeta: named(name), Spec: batchv1.JobSpec{TTLSecondsAfterFinished: ttl,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: pod("").Spec.Containers}}}},
			metav1.CreateOptions{})
		testutil.Check(t, err)
		now := metav1.Now().UTC().Format("2006-01-02T15:04:05Z")
		patch := `{"status":{"startTime":"` + now + `","completionTime":"` + now + `","conditions":[` +
			`{"type":"SuccessCriteriaMet","status":"True","lastTransitionTime":"` + now + `"},{"type":"Complete","status":"True","lastTransitionTime":"` + now + `"}]}}`
		_, err = jobs.Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
		testutil.Check(t, err)
	}
	eventually(t, "the job with a short ttl is deleted with its pods", func() bool {
		job, err := jobs.Get(t.Context(), "soon", metav1.GetOptions{})
		return err == nil && job.DeletionTimestamp != nil && len(job.Finalizers) == 1 && job.Finalizers[0] == metav1.FinalizerDeleteDependents
	})
	for _, name := range []string{"kept", "later"} {
		if job, err := jobs.Get(t.Context(), name, metav1.GetOptions{}); err != nil || job.DeletionTimestamp != nil {
			t.Errorf("job %s: %v, %v", name, job, err)
		}
	}
}
