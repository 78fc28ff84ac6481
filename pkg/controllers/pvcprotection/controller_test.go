package pvcprotection_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/pvcprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

const protection, other = "kubernetes.io/pvc-protection", "example.com/f"

func claim(deleted bool, finalizers ...string) *corev1.PersistentVolumeClaim {
	c := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p-data", Finalizers: finalizers}}
	if deleted {
		c.DeletionTimestamp = ptr.To(metav1.Now())
	}
	return c
}

// owned makes a claim that of the ephemeral volume of the pod with this UID.
func owned(c *corev1.PersistentVolumeClaim, uid string) *corev1.PersistentVolumeClaim {
	c.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(pod("n", uid), corev1.SchemeGroupVersion.WithKind("Pod"))}
	return c
}

func pod(node, uid string, volumes ...corev1.VolumeSource) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", UID: types.UID(uid)}, Spec: corev1.PodSpec{NodeName: node}}
	for _, v := range volumes {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: "data", VolumeSource: v})
	}
	return p
}

func uses(name string) corev1.VolumeSource {
	return corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}
}

var ephemeral = corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}

// written returns the finalizers of the last update, or nil if there was none.
func written(client *fake.Clientset) (finalizers []string) {
	for _, action := range client.Actions() {
		if a, ok := action.(clienttesting.UpdateAction); ok {
			finalizers = append([]string{}, a.GetObject().(*corev1.PersistentVolumeClaim).Finalizers...)
		}
	}
	return finalizers
}

func TestFinalizer(t *testing.T) {
	ended := pod("n", "u", uses("p-data"))
	ended.Status.Phase = corev1.PodSucceeded
	elsewhere := pod("n", "u", uses("p-data"))
	elsewhere.Namespace = "other"
	for _, test := range []struct {
		name  string
		claim *corev1.PersistentVolumeClaim
		pod   *corev1.Pod
		want  []string
	}{
		{"protected", claim(false, protection), nil, nil},
		{"not protected", claim(false, other), nil, []string{other, protection}},
		{"unused", claim(true, protection), nil, []string{}},
		{"unused, with others", claim(true, other, protection), nil, []string{other}},
		{"never protected", claim(true, other), nil, nil},
		{"used", claim(true, protection), pod("n", "u", uses("p-data")), nil},
		{"used as second volume", claim(true, protection), pod("n", "u", uses("x"), uses("p-data")), nil},
		{"used by a pod that has ended", claim(true, protection), ended, nil},
		{"used by a pod without a node", claim(true, protection), pod("", "u", uses("p-data")), []string{}},
		{"used elsewhere", claim(true, protection), elsewhere, []string{}},
		{"other volumes", claim(true, protection), pod("n", "u", uses("x"), corev1.VolumeSource{}), []string{}},
		{"ephemeral", owned(claim(true, protection), "u"), pod("n", "u", ephemeral), nil},
		{"ephemeral of a pod that is gone", owned(claim(true, protection), "old"), pod("n", "u", ephemeral), []string{}},
		{"the name of an ephemeral one", claim(true, protection), pod("n", "u", ephemeral), []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects := []runtime.Object{test.claim}
			if test.pod != nil {
				objects = append(objects, test.pod)
			}
			looptest.Run(t, pvcprotection.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				if got := written(client); (got == nil) != (test.want == nil) || !slices.Equal(got, test.want) {
					t.Errorf("finalizers %q, want %q", got, test.want)
				}
			}, objects...)
		})
	}
}

// TestPodGoes checks that the claim is released when the last pod goes.
func TestPodGoes(t *testing.T) {
	second := pod("n", "u", uses("p-data"))
	second.Name = "q"
	looptest.Run(t, pvcprotection.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		for _, name := range []string{"p", "q"} {
			if got := written(client); got != nil {
				t.Errorf("released before pod %s is gone", name)
			}
			testutil.Check(t, client.CoreV1().Pods("ns").Delete(context.Background(), name, metav1.DeleteOptions{}))
			synctest.Wait()
		}
		if got := written(client); got == nil {
			t.Error("not released")
		}
	}, claim(true, protection), pod("n", "u", uses("p-data")), second)
}

// TestUnknownPod checks that the server is asked for pods that the informer does not
// know yet, and that nothing is released while it does not answer.
func TestUnknownPod(t *testing.T) {
	looptest.Run(t, pvcprotection.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		answer, err := &corev1.PodList{}, errors.New("not today")
		looptest.React(client, "list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) { return true, answer, err })
		_, updateErr := client.CoreV1().PersistentVolumeClaims("ns").Update(t.Context(), claim(true, protection), metav1.UpdateOptions{})
		testutil.Check(t, updateErr)
		synctest.Wait()
		if got := written(client); !slices.Equal(got, []string{protection}) {
			t.Errorf("finalizers %q although the pods are unknown", got)
		}
		client.Lock() // reactions run with this lock
		answer, err = &corev1.PodList{Items: []corev1.Pod{*pod("n", "u", uses("p-data"))}}, nil
		client.Unlock()
		time.Sleep(time.Hour)
		if got := written(client); !slices.Equal(got, []string{protection}) {
			t.Errorf("finalizers %q although a pod uses the claim", got)
		}
	}, claim(false, protection))
}
