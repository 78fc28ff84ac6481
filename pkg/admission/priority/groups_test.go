package priority

import (
	"fmt"
	"testing"

	schedulingv1 "k8s.io/api/scheduling/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

func TestAdmitGroups(t *testing.T) {
	high, standard := class("high", 100, false), class("standard", 10, true)
	const wrong = `podgroups.scheduling.k8s.io "Unknown" is forbidden: priority set in the pod group (%d) must match the priority computed (%d) ` +
		`based on the priority class set in the spec`
	for _, test := range []struct {
		name    string
		classes []*schedulingv1.PriorityClass
		class   string
		number  *int32
		// want is the class and the priority, or the message.
		want string
	}{
		{"no class", nil, "", nil, " 0"},
		{"named", []*schedulingv1.PriorityClass{high, standard}, "high", nil, "high 100"},
		{"default", []*schedulingv1.PriorityClass{high, standard}, "", nil, "standard 10"},
		{"same number", []*schedulingv1.PriorityClass{high}, "high", ptr.To[int32](100), "high 100"},
		{"other number", []*schedulingv1.PriorityClass{high}, "high", ptr.To[int32](7), fmt.Sprintf(wrong, 7, 100)},
		{"number without a class", nil, "", ptr.To[int32](5), fmt.Sprintf(wrong, 5, 0)},
		{"unknown", nil, "gone", nil, `podgroups.scheduling.k8s.io "Unknown" is forbidden: no PriorityClass with name gone was found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := &schedulingv1beta1.PodGroup{Spec: schedulingv1beta1.PodGroupSpec{PriorityClassName: test.class, Priority: test.number}}
			err := newTestPlugin(t, test.classes...).Admit(t.Context(),
				attributes(group, nil, schedulingv1beta1.Resource("podgroups"), apiadmission.Create), nil)
			got := fmt.Sprint(group.Spec.PriorityClassName, " ", ptr.Deref(group.Spec.Priority, -1))
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
			if group.Spec.PreemptionPolicy != nil {
				t.Error("a preemption policy, although PodGroupPreemptionPolicy is off")
			}
		})
	}
}

func TestAdmitCompositeGroup(t *testing.T) {
	featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.PodGroupPreemptionPolicy, true)
	p := newTestPlugin(t, class("never", 100, false), &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "plain"}, Value: 5})
	for _, test := range []struct {
		name, class string
		policy      *schedulingv1alpha3.PreemptionPolicy
		// want is the priority and the policy, or the message.
		want string
	}{
		{"of the class", "never", nil, "100 Never"},
		{"default", "plain", nil, "5 PreemptLowerPriority"},
		{"same policy", "never", ptr.To(schedulingv1alpha3.PreemptNever), "100 Never"},
		{"other policy", "plain", ptr.To(schedulingv1alpha3.PreemptNever), `compositepodgroups.scheduling.k8s.io "Unknown" is forbidden: ` +
			`preemption policy set in the pod group (Never) must match the preemption policy computed (PreemptLowerPriority) ` +
			`based on the priority class set in the spec`},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := &schedulingv1alpha3.CompositePodGroup{Spec: schedulingv1alpha3.CompositePodGroupSpec{
				PriorityClassName: test.class, PreemptionPolicy: test.policy}}
			err := p.Admit(t.Context(), attributes(group, nil, schedulingv1alpha3.Resource("compositepodgroups"), apiadmission.Create), nil)
			got := fmt.Sprint(ptr.Deref(group.Spec.Priority, -1), " ", ptr.Deref(group.Spec.PreemptionPolicy, ""))
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
