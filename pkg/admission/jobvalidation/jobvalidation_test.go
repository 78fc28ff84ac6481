package jobvalidation

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestValidate(t *testing.T) {
	group := func(name string, owner types.UID, gang bool) *schedulingv1beta1.PodGroup {
		g := &schedulingv1beta1.PodGroup{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name,
			OwnerReferences: []metav1.OwnerReference{{UID: owner, Controller: ptr.To(true)}}}}
		if gang {
			g.Spec.SchedulingPolicy.Gang = &schedulingv1beta1.GangSchedulingPolicy{MinCount: 2}
		}
		return g
	}
	job := func(parallelism int32, named string) *batchv1.Job {
		j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "j", UID: "job"}, Spec: batchv1.JobSpec{Parallelism: &parallelism}}
		if named != "" {
			j.Spec.Template.Spec.SchedulingGroup = &corev1.PodSchedulingGroup{PodGroupName: &named}
		}
		return j
	}
	const refused = `jobs.batch "j" is forbidden: cannot change parallelism for a Job referencing gang-scheduled PodGroup "g"`
	for _, test := range []struct {
		name        string
		off         bool
		group       *schedulingv1beta1.PodGroup
		named       string
		parallelism int32
		want        string
	}{
		{name: "named by the template", group: group("g", "another", true), named: "g", parallelism: 3, want: refused},
		{name: "controlled by the job", group: group("g", "job", true), parallelism: 3, want: refused},
		{name: "of others", group: group("g", "another", true), parallelism: 3},
		{name: "scheduled one by one", group: group("g", "job", false), parallelism: 3},
		{name: "missing", group: group("g", "another", true), named: "other", parallelism: 3},
		{name: "the parallelism stays", group: group("g", "job", true), parallelism: 2},
		{name: "the gate is off", off: true, group: group("g", "job", true), parallelism: 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlugin()
			p.enabled = !test.off
			p.SetExternalKubeClientSet(fake.NewClientset(test.group))
			err := p.Validate(t.Context(), apiadmission.NewAttributesRecord(job(test.parallelism, test.named), job(2, test.named), schema.GroupVersionKind{},
				"ns", "j", batchv1.SchemeGroupVersion.WithResource("jobs"), "", apiadmission.Update, nil, false, nil), nil)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
