package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	schedulingv1 "k8s.io/api/scheduling/v1"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

// TestPodGroups creates pod groups with and without a workload and a priority class.
func TestPodGroups(t *testing.T) {
	t.Parallel()
	_, config := serve(t, t.TempDir(), "--feature-gates=GenericWorkload=true", "--runtime-config=scheduling.k8s.io/v1beta1=true")
	c := kubernetes.NewForConfigOrDie(config)
	_, err := c.SchedulingV1().PriorityClasses().Create(t.Context(), &schedulingv1.PriorityClass{ObjectMeta: named("high"), Value: 100}, metav1.CreateOptions{})
	testutil.Check(t, err)
	basic := schedulingv1beta1.PodGroupSchedulingPolicy{Basic: &schedulingv1beta1.BasicSchedulingPolicy{}}
	_, err = c.SchedulingV1beta1().Workloads("default").Create(t.Context(), &schedulingv1beta1.Workload{ObjectMeta: named("job"),
		Spec: schedulingv1beta1.WorkloadSpec{PodGroupTemplates: []schedulingv1beta1.PodGroupTemplate{{Name: "workers", SchedulingPolicy: basic}}}},
		metav1.CreateOptions{})
	testutil.Check(t, err)
	groups := c.SchedulingV1beta1().PodGroups("default")
	dryRun := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	eventually(t, "admission knows the class", func() bool {
		_, err := groups.Create(t.Context(), &schedulingv1beta1.PodGroup{ObjectMeta: named("g"),
			Spec: schedulingv1beta1.PodGroupSpec{SchedulingPolicy: basic, PriorityClassName: "high"}}, dryRun)
		return err == nil
	})

	const denied = `podgroups.scheduling.k8s.io "g" is forbidden: `
	for _, test := range []struct {
		name string
		spec schedulingv1beta1.PodGroupSpec
		want string
	}{
		{"plain", schedulingv1beta1.PodGroupSpec{}, "<nil>"},
		{"of a workload", schedulingv1beta1.PodGroupSpec{WorkloadRef: &schedulingv1beta1.WorkloadReference{WorkloadName: "job", TemplateName: "workers"},
			PriorityClassName: "high"}, "<nil>"},
		{"without its workload", schedulingv1beta1.PodGroupSpec{WorkloadRef: &schedulingv1beta1.WorkloadReference{WorkloadName: "gone", TemplateName: "workers"}},
			denied + `PodGroup rejected: Workload "gone" not found`},
		{"without its template", schedulingv1beta1.PodGroupSpec{WorkloadRef: &schedulingv1beta1.WorkloadReference{WorkloadName: "job", TemplateName: "gone"}},
			denied + `PodGroup rejected: PodGroupTemplate "gone" not found in Workload "job"`},
		{"without its class", schedulingv1beta1.PodGroupSpec{PriorityClassName: "gone"}, denied + "no PriorityClass with name gone was found"},
		{"other priority", schedulingv1beta1.PodGroupSpec{PriorityClassName: "high", Priority: ptr.To[int32](7)},
			denied + "priority set in the pod group (7) must match the priority computed (100) based on the priority class set in the spec"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.spec.SchedulingPolicy = basic
			g, err := groups.Create(t.Context(), &schedulingv1beta1.PodGroup{ObjectMeta: named("g"), Spec: test.spec}, dryRun)
			if got := fmt.Sprint(err); got != test.want {
				t.Fatalf("%s\nwant %s", got, test.want)
			}
			if err != nil {
				return
			}
			priority := int32(0)
			if test.spec.PriorityClassName == "high" {
				priority = 100
			}
			if ptr.Deref(g.Spec.Priority, -1) != priority || !slices.Equal(g.Finalizers, []string{"scheduling.k8s.io/podgroup-protection"}) {
				t.Errorf("priority %d, finalizers %q", ptr.Deref(g.Spec.Priority, -1), g.Finalizers)
			}
		})
	}
}

// TestPodGroupTranscript has the recorded conversation of testdata/podgroups.jsonl. It
// needs a gate that the servers of test/compat do not have.
func TestPodGroupTranscript(t *testing.T) {
	t.Parallel()
	const token = "admin-token"
	_, config := serve(t, t.TempDir(), "--feature-gates=GenericWorkload=true", "--runtime-config=scheduling.k8s.io/v1beta1=true",
		"--token-auth-file="+file(t, "tokens.csv", token+",admin,admin,system:masters\n"))
	transcript, err := compat.ReadTranscript("testdata/podgroups.jsonl")
	testutil.Check(t, err)
	testutil.Check(t, transcript.Play(t.Context(), compat.Target{URL: config.Host, Token: token}, strings.NewReplacer(), false,
		func(step *compat.Step, got *compat.Answer) {
			if level, differences := step.Compare(got); level != compat.Exact {
				t.Errorf("%s: %s %s: %v", step.Name, step.Method, step.Path, differences)
			}
		}))
}
