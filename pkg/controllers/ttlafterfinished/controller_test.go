package ttlafterfinished_test

import (
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/ttlafterfinished"
)

// start is when the fake clock starts.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func job(ttl *int32, conditions ...batchv1.JobCondition) *batchv1.Job {
	return &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "j", UID: "u"},
		Spec: batchv1.JobSpec{TTLSecondsAfterFinished: ttl}, Status: batchv1.JobStatus{Conditions: conditions}}
}

func condition(kind batchv1.JobConditionType, status corev1.ConditionStatus, at time.Time) batchv1.JobCondition {
	return batchv1.JobCondition{Type: kind, Status: status, LastTransitionTime: metav1.NewTime(at)}
}

// TestDelete checks after what time a job is deleted.
func TestDelete(t *testing.T) {
	const never = -1
	complete := condition(batchv1.JobComplete, corev1.ConditionTrue, start)
	deleted := job(ptr.To[int32](0), complete)
	deleted.DeletionTimestamp, deleted.Finalizers = &metav1.Time{Time: start}, []string{"example.com/f"}
	for _, test := range []struct {
		name string
		job  *batchv1.Job
		want time.Duration
	}{
		{"running", job(ptr.To[int32](0)), never},
		{"without ttl", job(nil, complete), never},
		{"at once", job(ptr.To[int32](0), complete), 0},
		{"later", job(ptr.To[int32](100), complete), 100 * time.Second},
		{"failed", job(ptr.To[int32](5), condition(batchv1.JobFailed, corev1.ConditionTrue, start)), 5 * time.Second},
		{"long ago", job(ptr.To[int32](5), condition(batchv1.JobFailed, corev1.ConditionTrue, start.Add(-time.Hour))), 0},
		{"partly over", job(ptr.To[int32](60), condition(batchv1.JobComplete, corev1.ConditionTrue, start.Add(-50*time.Second))), 10 * time.Second},
		{"in the future", job(ptr.To[int32](1), condition(batchv1.JobComplete, corev1.ConditionTrue, start.Add(time.Minute))), 61 * time.Second},
		{"not complete", job(ptr.To[int32](0), condition(batchv1.JobComplete, corev1.ConditionFalse, start)), never},
		{"criteria are met", job(ptr.To[int32](0), condition(batchv1.JobSuccessCriteriaMet, corev1.ConditionTrue, start)), never},
		{"at an unknown time", job(ptr.To[int32](0), condition(batchv1.JobComplete, corev1.ConditionTrue, time.Time{})), never},
		{"already deleted", deleted, never},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, ttlafterfinished.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				if test.want == never {
					time.Sleep(time.Hour)
				} else if test.want > 0 {
					time.Sleep(test.want - time.Millisecond)
					expect(t, client, 0)
					time.Sleep(time.Millisecond)
				}
				synctest.Wait()
				expect(t, client, map[bool]int{true: 1}[test.want >= 0])
			}, test.job)
		})
	}
}

// expect checks how many deletions there were, and with which options.
func expect(t *testing.T, client *fake.Clientset, want int) {
	t.Helper()
	got := 0
	for _, action := range client.Actions() {
		if a, ok := action.(clienttesting.DeleteAction); ok {
			got++
			o := a.GetDeleteOptions()
			if *o.PropagationPolicy != metav1.DeletePropagationForeground || *o.Preconditions.UID != "u" {
				t.Errorf("options %v", o)
			}
		}
	}
	if got != want {
		t.Errorf("%d deletions, want %d", got, want)
	}
}

// TestChange changes the time before it is over, and removes it when only the server
// knows so.
func TestChange(t *testing.T) {
	complete := condition(batchv1.JobComplete, corev1.ConditionTrue, start)
	t.Run("longer", func(t *testing.T) {
		looptest.Run(t, ttlafterfinished.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
			time.Sleep(5 * time.Second)
			_, err := client.BatchV1().Jobs("ns").Update(t.Context(), job(ptr.To[int32](100), complete), metav1.UpdateOptions{})
			testutil.Check(t, err)
			time.Sleep(90 * time.Second)
			expect(t, client, 0)
			time.Sleep(6 * time.Second)
			expect(t, client, 1)
		}, job(ptr.To[int32](10), complete))
	})
	t.Run("stale", func(t *testing.T) {
		looptest.Run(t, ttlafterfinished.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
			looptest.React(client, "get", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) { return true, job(nil, complete), nil })
			time.Sleep(time.Hour)
			expect(t, client, 0)
		}, job(ptr.To[int32](10), complete))
	})
	t.Run("gone", func(t *testing.T) {
		looptest.Run(t, ttlafterfinished.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
			looptest.React(client, "get", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, nil, apierrors.NewNotFound(batchv1.Resource("jobs"), "j")
			})
			time.Sleep(time.Hour)
			expect(t, client, 0)
		}, job(ptr.To[int32](10), complete))
	})
}
