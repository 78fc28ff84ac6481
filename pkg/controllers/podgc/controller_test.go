package podgc_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/podgc"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

func pod(name, node string, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, Generation: 3}, Spec: corev1.PodSpec{NodeName: node},
		Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	for _, f := range change {
		f(p)
	}
	return p
}

func deleted(p *corev1.Pod) {
	p.DeletionTimestamp, p.Finalizers = &metav1.Time{Time: time.Now()}, []string{"example.com/f"}
}

func ended(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }

func node(name string, ready corev1.ConditionStatus, taints ...string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}
	for _, key := range taints {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: key, Effect: corev1.TaintEffectNoExecute})
	}
	return n
}

// removals returns the pods that were deleted, with the phase to which they were patched.
func removals(client *fake.Clientset) (all []string) {
	patched := map[string]string{}
	for _, action := range client.Actions() {
		if action.GetResource().Resource != "pods" {
			continue
		}
		switch a := action.(type) {
		case interface {
			GetName() string
			GetPatch() []byte
		}:
			patched[a.GetName()] = string(a.GetPatch())
		case interface {
			GetName() string
			GetDeleteOptions() metav1.DeleteOptions
		}:
			if *a.GetDeleteOptions().GracePeriodSeconds == 0 {
				all = append(all, a.GetName()+" "+patched[a.GetName()])
			}
		}
	}
	return all
}

const (
	failed = ` {"metadata":{"uid":""},"status":{"observedGeneration":3,"phase":"Failed"}}`
	orphan = ` {"metadata":{"uid":""},"status":{"conditions":[{"lastTransitionTime":"2000-01-01T00:00:40Z","message":"PodGC: node no longer exists",` +
		`"observedGeneration":3,"reason":"DeletionByPodGC","status":"True","type":"DisruptionTarget"}],"observedGeneration":3,"phase":"Failed"}}`
)

func TestCollect(t *testing.T) {
	const outOfService = corev1.TaintNodeOutOfService
	for _, test := range []struct {
		name    string
		objects []runtime.Object
		after   time.Duration
		want    []string
	}{
		{"nothing", nil, 0, nil},
		{"pods of a node", []runtime.Object{node("n", "True"), pod("a", "n"), pod("b", "n", deleted), pod("c", "n", ended)}, time.Hour, nil},
		{"an unscheduled pod", []runtime.Object{pod("a", "")}, time.Hour, nil},
		{"an unscheduled pod that is deleted", []runtime.Object{pod("a", "", deleted)}, 0, []string{"a" + failed}},
		{"an unscheduled pod that is deleted and has ended", []runtime.Object{pod("a", "", deleted, ended)}, 0, []string{"a "}},
		{"an orphan before the quarantine is over", []runtime.Object{pod("a", "gone")}, 39 * time.Second, nil},
		{"an orphan", []runtime.Object{pod("a", "gone"), pod("b", "gone", ended)}, 41 * time.Second, []string{"a" + orphan, "b "}},
		{"out of service", []runtime.Object{node("n", "False", outOfService), pod("a", "n", deleted), pod("b", "n")}, 0, []string{"a" + failed}},
		{"out of service and unknown", []runtime.Object{node("n", "Unknown", outOfService), pod("a", "n", deleted)}, 0, []string{"a" + failed}},
		{"out of service but ready", []runtime.Object{node("n", "True", outOfService), pod("a", "n", deleted)}, time.Hour, nil},
		{"another taint", []runtime.Object{node("n", "False", "example.com/t"), pod("a", "n", deleted)}, time.Hour, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, podgc.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				time.Sleep(test.after)
				synctest.Wait()
				got := removals(client)
				slices.Sort(got)
				if slices.Equal(slices.Compact(got), test.want) {
					return
				}
				t.Errorf("removed:\n%q, want\n%q", got, test.want)
			}, test.objects...)
		})
	}
}

// TestNodeComesBack checks that pods stay if their node was away for a short time, and
// if it is there by the time that its pods are to be deleted.
func TestNodeComesBack(t *testing.T) {
	looptest.Run(t, podgc.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		time.Sleep(30 * time.Second)
		_, err := client.CoreV1().Nodes().Create(t.Context(), node("n", "True"), metav1.CreateOptions{})
		testutil.Check(t, err)
		time.Sleep(time.Hour)
		testutil.Check(t, client.CoreV1().Nodes().Delete(t.Context(), "n", metav1.DeleteOptions{}))
		time.Sleep(30 * time.Second)
		if got := removals(client); len(got) > 0 {
			t.Errorf("removed %q", got)
		}
		time.Sleep(31 * time.Second)
		if got := removals(client); len(got) != 1 {
			t.Errorf("removed %q", got)
		}
	}, pod("a", "n"))
}

// TestEnded checks that the oldest pods that have ended go when there are more than
// 12,500, and those that were evicted before all others.
func TestEnded(t *testing.T) {
	var objects []runtime.Object
	for i := range 12502 {
		p := pod(fmt.Sprintf("p%05d", i), "n", ended)
		p.CreationTimestamp = metav1.NewTime(time.Unix(int64(100000-i), 0))
		if i == 5 {
			p.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"}
		}
		objects = append(objects, p)
	}
	objects = append(objects, node("n", "True"), pod("running", "n"))
	looptest.Run(t, podgc.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		if got, want := removals(client), []string{"p00005 ", "p12501 "}; !slices.Equal(got, want) {
			t.Errorf("removed %q, want %q", got, want)
		}
	}, objects...)
}
