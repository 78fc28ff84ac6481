package podgroupworkloadexists

import (
	"fmt"
	"testing"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func workload(name string, spec schedulingv1beta1.WorkloadSpec) *schedulingv1beta1.Workload {
	return &schedulingv1beta1.Workload{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Spec: spec}
}

func TestValidate(t *testing.T) {
	templates := []schedulingv1beta1.PodGroupTemplate{{Name: "t"}}
	deleted := workload("deleted", schedulingv1beta1.WorkloadSpec{PodGroupTemplates: templates})
	deleted.DeletionTimestamp, deleted.Finalizers = ptr.To(metav1.Now()), []string{"a.b/c"}
	scheme := runtime.NewScheme()
	testutil.Check(t, schedulingv1beta1.AddToScheme(scheme))
	p := newPlugin()
	p.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(scheme, deleted,
		workload("flat", schedulingv1beta1.WorkloadSpec{PodGroupTemplates: templates}),
		workload("deep", schedulingv1beta1.WorkloadSpec{CompositePodGroupTemplates: []schedulingv1beta1.CompositePodGroupTemplate{
			{Name: "c", CompositePodGroupTemplates: []schedulingv1beta1.CompositePodGroupTemplate{{Name: "d", PodGroupTemplates: templates}}}}})))
	const rejected = `podgroups.scheduling.k8s.io "g" is forbidden: PodGroup rejected: `
	for _, test := range []struct {
		name string
		ref  *schedulingv1beta1.WorkloadReference
		want string
	}{
		{"none", nil, "<nil>"},
		{"template", &schedulingv1beta1.WorkloadReference{WorkloadName: "flat", TemplateName: "t"}, "<nil>"},
		{"template below composite ones", &schedulingv1beta1.WorkloadReference{WorkloadName: "deep", TemplateName: "t"}, "<nil>"},
		{"composite template", &schedulingv1beta1.WorkloadReference{WorkloadName: "deep", TemplateName: "d"},
			rejected + `PodGroupTemplate "d" not found in Workload "deep"`},
		{"no template", &schedulingv1beta1.WorkloadReference{WorkloadName: "flat", TemplateName: "u"},
			rejected + `PodGroupTemplate "u" not found in Workload "flat"`},
		{"no workload", &schedulingv1beta1.WorkloadReference{WorkloadName: "gone", TemplateName: "t"}, rejected + `Workload "gone" not found`},
		{"deleted workload", &schedulingv1beta1.WorkloadReference{WorkloadName: "deleted", TemplateName: "t"},
			rejected + `Workload "deleted" is being deleted`},
	} {
		t.Run(test.name, func(t *testing.T) {
			group := &schedulingv1beta1.PodGroup{Spec: schedulingv1beta1.PodGroupSpec{WorkloadRef: test.ref}}
			err := p.Validate(t.Context(), apiadmission.NewAttributesRecord(group, nil, schema.GroupVersionKind{}, "ns", "g",
				schedulingv1beta1.SchemeGroupVersion.WithResource("podgroups"), "", apiadmission.Create, nil, false, nil), nil)
			if got := fmt.Sprint(err); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
