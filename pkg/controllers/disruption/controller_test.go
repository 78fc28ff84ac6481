package disruption

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// served are the resources of the server with a scale.
var served = map[string]string{"apps/v1": "Deployment ReplicaSet StatefulSet", "example.com/v1": "Farm"}

// scaled returns the controller in a cluster in which workloads have these replicas, by
// kind and name. The UID of a workload is kind/name. Replica sets whose name begins with
// that of a deployment and a dash belong to it.
func scaled(replicas map[string]int32) controllers.Controller {
	c := Controller()
	c.New = func(d controllers.Deps) *controllers.Loop {
		discovery := d.Client.Discovery().(*fakediscovery.FakeDiscovery)
		discovery.Resources = nil
		for gv, kinds := range served {
			list := &metav1.APIResourceList{GroupVersion: gv, APIResources: []metav1.APIResource{{Name: "plain", Kind: "Plain", Namespaced: true}}}
			for _, kind := range strings.Fields(kinds) {
				name := strings.ToLower(kind) + "s"
				list.APIResources = append(list.APIResources, metav1.APIResource{Name: name, Kind: kind, Namespaced: true},
					metav1.APIResource{Name: name + "/scale", Kind: "Scale", Namespaced: true})
			}
			discovery.Resources = append(discovery.Resources, list)
		}
		scheme := metadatafake.NewTestScheme()
		testutilMust(metav1.AddMetaToScheme(scheme))
		var sets []runtime.Object
		for id := range replicas {
			kind, name, _ := strings.Cut(id, "/")
			set := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: kind},
				ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID(id)}}
			if deployment, _, of := strings.Cut(name, "-"); of {
				set.OwnerReferences = []metav1.OwnerReference{owner("apps/v1", "Deployment", deployment)}
			}
			if kind == "ReplicaSet" {
				sets = append(sets, set)
			}
		}
		d.Metadata = metadatafake.NewSimpleMetadataClient(scheme, sets...)
		o := newOwners(d)
		o.scale = func(_ context.Context, r schema.GroupVersionResource, _, name string) (*autoscalingv1.Scale, error) {
			for id, n := range replicas {
				if kind, of, _ := strings.Cut(id, "/"); of == name && strings.ToLower(kind)+"s" == r.Resource {
					return &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{UID: types.UID(id)}, Spec: autoscalingv1.ScaleSpec{Replicas: n}}, nil
				}
			}
			return nil, apierrors.NewNotFound(r.GroupResource(), name)
		}
		return newLoop(d, o)
	}
	return c
}

func testutilMust(err error) {
	if err != nil {
		panic(err)
	}
}

func owner(apiVersion, kind, name string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: types.UID(kind + "/" + name), Controller: ptr.To(true)}
}

func budget(name string, minAvailable, maxUnavailable string) *policyv1.PodDisruptionBudget {
	b := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, Generation: 7}}
	b.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	for text, to := range map[string]**intstr.IntOrString{minAvailable: &b.Spec.MinAvailable, maxUnavailable: &b.Spec.MaxUnavailable} {
		if text != "" {
			*to = ptr.To(intstr.Parse(text))
		}
	}
	return b
}

// pods returns ready pods of an owner.
func pods(n int, owners ...metav1.OwnerReference) (all []runtime.Object) {
	for i := range n {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: fmt.Sprintf("p%d-%d", len(owners), i), Labels: map[string]string{"app": "web"}}}
		if len(owners) > 0 {
			p.Name = fmt.Sprintf("%s-%d", owners[0].Name, i)
			p.OwnerReferences = owners
		}
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		all = append(all, p)
	}
	return all
}

// status writes the status of a budget in short.
func status(t *testing.T, client *fake.Clientset, name string) string {
	t.Helper()
	synctest.Wait()
	b, err := client.PolicyV1().PodDisruptionBudgets("ns").Get(t.Context(), name, metav1.GetOptions{})
	testutil.Check(t, err)
	s := b.Status
	text := fmt.Sprintf("%d allowed, %d/%d/%d", s.DisruptionsAllowed, s.CurrentHealthy, s.DesiredHealthy, s.ExpectedPods)
	for _, c := range s.Conditions {
		text += strings.TrimRight(fmt.Sprintf(" %s %s %s", c.Status, c.Reason, c.Message), " ")
	}
	return text
}

const enough, tooFew, failed = " True SufficientPods", " False InsufficientPods", " False SyncFailed "

// TestStatus checks the status of budgets. What is written as a/b/c are the numbers of
// healthy, desired and expected pods.
func TestStatus(t *testing.T) {
	set, farm := owner("apps/v1", "ReplicaSet", "rs"), owner("example.com/v1", "Farm", "farm")
	notController := set
	notController.Controller = nil
	other := set
	other.UID = "other"
	replicas := map[string]int32{"ReplicaSet/rs": 5, "Farm/farm": 6, "StatefulSet/ss": 3, "Deployment/d": 7, "ReplicaSet/d-1": 2, "ReplicaSet/lost-1": 3}
	with := func(objects []runtime.Object, change func(*corev1.Pod)) []runtime.Object {
		change(objects[0].(*corev1.Pod))
		return objects
	}
	for _, test := range []struct {
		name           string
		min, max, want string
		pods           []runtime.Object
	}{
		{"no pods", "2", "", "0 allowed, 0/2/0" + tooFew, nil},
		{"no pods, no limit", "0", "", "0 allowed, 0/0/0" + tooFew, nil},
		{"number", "2", "", "1 allowed, 3/2/3" + enough, pods(3)},
		{"too high a number", "5", "", "0 allowed, 3/5/3" + tooFew, pods(3)},
		{"zero", "0", "", "3 allowed, 3/0/3" + enough, pods(3)},
		{"neither", "", "", "0 allowed, 3/0/0" + tooFew, pods(3, set)},
		{"maximum", "", "1", "0 allowed, 3/4/5" + tooFew, pods(3, set)},
		{"maximum, all there", "", "1", "1 allowed, 5/4/5" + enough, pods(5, set)},
		{"maximum above all", "", "10", "3 allowed, 3/0/5" + enough, pods(3, set)},
		{"percent is rounded up", "", "21%", "2 allowed, 5/3/5" + enough, pods(5, set)},
		{"percent of the minimum is rounded up", "41%", "", "2 allowed, 5/3/5" + enough, pods(5, set)},
		{"all", "100%", "", "0 allowed, 5/5/5" + tooFew, pods(5, set)},
		{"custom workload", "", "20%", "2 allowed, 6/4/6" + enough, pods(6, farm)},
		{"deployment", "", "30%", "0 allowed, 4/4/7" + tooFew, pods(4, owner("apps/v1", "ReplicaSet", "d-1"))},
		{"deployment that is gone", "", "1", "0 allowed, 2/2/3" + tooFew, pods(2, owner("apps/v1", "ReplicaSet", "lost-1"))},
		{"former version", "", "1", "0 allowed, 1/4/5" + tooFew, pods(1, owner("apps/v1beta2", "ReplicaSet", "rs"))},
		{"two owners", "", "1", "0 allowed, 4/7/8" + tooFew, append(pods(2, set), pods(2, owner("apps/v1", "StatefulSet", "ss"))...)},
		{"pods without owner do not count", "", "1", "0 allowed, 4/4/5" + tooFew, append(pods(2, set), pods(2)...)},
		{"no owner", "", "1", "0 allowed, 2/0/0" + tooFew, pods(2)},
		{"owner that is no controller", "", "1", "0 allowed, 2/0/0" + tooFew, pods(2, notController)},
		{"owner that is another one", "", "1", "0 allowed, 0/0/0" + failed + `found no controllers for pod "rs-0"`, pods(1, other)},
		{"owner that is gone", "50%", "", "0 allowed, 0/0/0" + failed + `found no controllers for pod "x-0"`, pods(1, owner("apps/v1", "StatefulSet", "x"))},
		{"owner of an unknown kind", "", "1", "0 allowed, 0/0/0" + failed + `no matches for kind "Thing" in version "example.com/v1"`,
			pods(1, owner("example.com/v1", "Thing", "x"))},
		{"owner of an unknown version", "", "1", "0 allowed, 0/0/0" + failed + `no matches for kind "Thing" in version "other.com/v1"`,
			pods(1, owner("other.com/v1", "Thing", "x"))},
		{"owner without scale", "", "1", "0 allowed, 0/0/0" + failed + `plain.example.com does not implement the scale subresource`,
			pods(1, owner("example.com/v1", "Plain", "x"))},
		{"owner with a bad version", "", "1", "0 allowed, 0/0/0" + failed + `unexpected GroupVersion string: a/b/c`, pods(1, owner("a/b/c", "Plain", "x"))},
		{"not ready", "1", "", "1 allowed, 2/1/3" + enough, with(pods(3), func(p *corev1.Pod) { p.Status.Conditions = nil })},
		{"being deleted", "1", "", "1 allowed, 2/1/3" + enough, with(pods(3), func(p *corev1.Pod) {
			p.DeletionTimestamp, p.Finalizers = ptr.To(metav1.Now()), []string{"f"}
		})},
		{"another namespace", "1", "", "1 allowed, 2/1/2" + enough, with(pods(3), func(p *corev1.Pod) { p.Namespace = "other" })},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, scaled(replicas), nil, func(t *testing.T, client *fake.Clientset) {
				if got := status(t, client, "b"); got != test.want {
					t.Errorf("got  %s\nwant %s", got, test.want)
				}
			}, append(test.pods, budget("b", test.min, test.max))...)
		})
	}
}

// TestSelectors checks which pods a budget is for.
func TestSelectors(t *testing.T) {
	for name, test := range map[string]struct {
		selector *metav1.LabelSelector
		want     string
	}{
		"none":  {nil, "0 allowed, 0/1/0" + tooFew},
		"empty": {&metav1.LabelSelector{}, "2 allowed, 3/1/3" + enough},
		"invalid": {&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "x"}}},
			"0 allowed, 0/0/0" + failed + `"x" is not a valid label selector operator`},
	} {
		t.Run(name, func(t *testing.T) {
			b := budget("b", "1", "")
			b.Spec.Selector = test.selector
			looptest.Run(t, scaled(nil), nil, func(t *testing.T, client *fake.Clientset) {
				if got := status(t, client, "b"); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
			}, append(pods(3), b)...)
		})
	}
}

// TestDisrupted checks for how long an evicted pod that is not deleted counts as not
// healthy.
func TestDisrupted(t *testing.T) {
	b := budget("b", "1", "")
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	b.Status.DisruptedPods = map[string]metav1.Time{"p0-0": metav1.NewTime(start), "p0-1": metav1.NewTime(start.Add(-time.Minute)), "gone": metav1.NewTime(start)}
	looptest.Run(t, scaled(nil), nil, func(t *testing.T, client *fake.Clientset) {
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "0 allowed, 1/1/3" + tooFew}, {59 * time.Second, "0 allowed, 1/1/3" + tooFew},
			{2 * time.Second, "1 allowed, 2/1/3" + enough}, {time.Minute, "2 allowed, 3/1/3" + enough},
		} {
			time.Sleep(step.wait)
			if got := status(t, client, "b"); got != step.want {
				t.Errorf("after another %v: %s, want %s", step.wait, got, step.want)
			}
		}
		looptest.ExpectEvent(t, client, "ns", "controllermanager", "NotDeleted Pod was expected by PDB ns/ns to be deleted but it wasn't")
	}, append(pods(3), b)...)
}

// TestDisruptionTarget checks when the condition is taken from a pod.
func TestDisruptionTarget(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *corev1.Pod, c *corev1.PodCondition)
		after  time.Duration
		want   corev1.ConditionStatus
	}{
		{"fresh", func(*corev1.Pod, *corev1.PodCondition) {}, 119 * time.Second, corev1.ConditionTrue},
		{"old", func(*corev1.Pod, *corev1.PodCondition) {}, 121 * time.Second, corev1.ConditionFalse},
		{"by the kubelet", func(_ *corev1.Pod, c *corev1.PodCondition) { c.Reason = corev1.PodReasonTerminationByKubelet }, time.Hour, corev1.ConditionTrue},
		{"ended", func(p *corev1.Pod, _ *corev1.PodCondition) { p.Status.Phase = corev1.PodFailed }, time.Hour, corev1.ConditionTrue},
		{"being deleted", func(p *corev1.Pod, _ *corev1.PodCondition) {
			p.DeletionTimestamp, p.Finalizers = ptr.To(metav1.Now()), []string{"f"}
		}, time.Hour, corev1.ConditionTrue},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := pods(1)[0].(*corev1.Pod)
			p.Generation = 4
			c := corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI", Message: "m",
				LastTransitionTime: metav1.NewTime(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))}
			test.change(p, &c)
			p.Status.Conditions = append(p.Status.Conditions, c)
			looptest.Run(t, scaled(nil), nil, func(t *testing.T, client *fake.Clientset) {
				time.Sleep(test.after)
				synctest.Wait()
				got, err := client.CoreV1().Pods("ns").Get(t.Context(), p.Name, metav1.GetOptions{})
				testutil.Check(t, err)
				i := slices.IndexFunc(got.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.DisruptionTarget })
				now := got.Status.Conditions[i]
				if now.Status != test.want || (now.Status == corev1.ConditionFalse) != (now.Reason == "" && now.Message == "" && now.ObservedGeneration == 4) {
					t.Errorf("condition %v", now)
				}
			}, p)
		})
	}
}

// TestConflict checks that a budget that has been changed meanwhile is calculated anew,
// and that a status that is right is not written.
func TestConflict(t *testing.T) {
	attempts := 0
	looptest.Run(t, scaled(nil), nil, func(t *testing.T, client *fake.Clientset) {
		looptest.React(client, "update", "poddisruptionbudgets", func(clienttesting.Action) (bool, runtime.Object, error) {
			attempts++
			return attempts < 3, nil, apierrors.NewConflict(policyv1.Resource("poddisruptionbudgets"), "b", nil)
		})
		_, err := client.PolicyV1().PodDisruptionBudgets("ns").Create(t.Context(), budget("b", "1", ""), metav1.CreateOptions{})
		testutil.Check(t, err)
		time.Sleep(time.Hour)
		if got, want := status(t, client, "b"), "2 allowed, 3/1/3"+enough; got != want || attempts != 3 {
			t.Errorf("after %d attempts: %s, want %s", attempts, got, want)
		}
	}, pods(3)...)
}

func TestEvents(t *testing.T) {
	for _, test := range []struct {
		name, want string
		objects    []runtime.Object
	}{
		{"none", "", append(pods(3), budget("b", "1", ""))},
		{"no pods", "NoPods No matching pods found", []runtime.Object{budget("b", "1", "")}},
		{"unmanaged", "UnmanagedPods Pods selected by this PodDisruptionBudget " +
			"(selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. " +
			"As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. " +
			`To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`, append(pods(1), budget("b", "", "1"))},
		{"failure", `CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: found no controllers for pod "x-0"`,
			append(pods(1, owner("apps/v1", "StatefulSet", "x")), budget("b", "", "1"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, scaled(nil), nil, func(t *testing.T, client *fake.Clientset) {
				looptest.ExpectEvent(t, client, "ns", "controllermanager", test.want)
			}, test.objects...)
		})
	}
	t.Run("two budgets", func(t *testing.T) {
		looptest.Run(t, scaled(nil), nil, func(t *testing.T, client *fake.Clientset) {
			_, err := client.CoreV1().Pods("ns").Create(t.Context(), pods(1)[0].(*corev1.Pod), metav1.CreateOptions{})
			testutil.Check(t, err)
			looptest.ExpectEvent(t, client, "ns", "controllermanager",
				`MultiplePodDisruptionBudgets Pod "ns"/"p0-0" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.`)
			for _, name := range []string{"b", "c"} {
				if got := status(t, client, name); !strings.HasPrefix(got, "0 allowed, 1/1/1") {
					t.Errorf("%s: %s", name, got)
				}
			}
		}, budget("b", "1", ""), budget("c", "1", ""))
	})
}
