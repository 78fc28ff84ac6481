package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/resourcequota"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// limited creates a quota in a namespace and sets its status as the controller does,
// with nothing used yet.
func limited(t testing.TB, c kubernetes.Interface, namespace string, hard corev1.ResourceList) {
	t.Helper()
	quotas := c.CoreV1().ResourceQuotas(namespace)
	_, err := quotas.Create(t.Context(), &corev1.ResourceQuota{ObjectMeta: named("quota"), Spec: corev1.ResourceQuotaSpec{Hard: hard}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	setHard(t, c, namespace, hard)
}

// setHard sets the status of the quota to these limits, with nothing used yet.
func setHard(t testing.TB, c kubernetes.Interface, namespace string, hard corev1.ResourceList) {
	t.Helper()
	used := corev1.ResourceList{}
	for name := range hard {
		used[name] = resource.MustParse("0")
	}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "quota", Namespace: namespace}, Spec: corev1.ResourceQuotaSpec{Hard: hard},
		Status: corev1.ResourceQuotaStatus{Hard: hard, Used: used}}
	_, err := c.CoreV1().ResourceQuotas(namespace).UpdateStatus(t.Context(), quota, metav1.UpdateOptions{})
	testutil.Check(t, err)
}

// TestQuotasUnderParallelCreators lets 64 clients create pods, config maps and custom
// resources at the same time, more than a quota allows. Exactly as many as it allows
// succeed, and its status counts them.
func TestQuotasUnderParallelCreators(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, flag string }{
		{"plugin alone", "--controllers="},
		{"plugin and controller", "--controllers=" + resourcequota.Name},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			useUpQuota(t, testserver.Start(t, testserver.Options{Flags: []string{test.flag, "--disable-admission-plugins=ServiceAccount"}}))
		})
	}
}

func useUpQuota(t *testing.T, s *testserver.Server) {
	c, objects := kubernetes.NewForConfigOrDie(s.Config), dynamic.NewForConfigOrDie(s.Config)
	crd := establish(t, s.Config, definition("quota.example.com", "widgets", "Widget", `{"type": "object", "x-kubernetes-preserve-unknown-fields": true}`))
	hard := corev1.ResourceList{"requests.cpu": resource.MustParse("2"), "pods": resource.MustParse("100"),
		"count/configmaps": resource.MustParse("70"), "count/widgets.quota.example.com": resource.MustParse("33")}
	limited(t, c, "default", hard)

	creations := map[string]func(ctx context.Context, name string) error{
		"requests.cpu": func(ctx context.Context, name string) error {
			p := pod(name)
			p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("100m")}
			_, err := c.CoreV1().Pods("default").Create(ctx, p, metav1.CreateOptions{})
			return err
		},
		"count/configmaps": func(ctx context.Context, name string) error {
			_, err := c.CoreV1().ConfigMaps("default").Create(ctx, configMap(name), metav1.CreateOptions{})
			return err
		},
		"count/widgets.quota.example.com": func(ctx context.Context, name string) error {
			_, err := objects.Resource(resourceOf(crd, "v1")).Namespace("default").Create(ctx, custom(crd, "v1", name, nil), metav1.CreateOptions{})
			return err
		},
	}
	succeeded := map[string]*atomic.Int64{}
	for name := range creations {
		succeeded[name] = &atomic.Int64{}
	}
	var clients sync.WaitGroup
	for i := range 64 {
		clients.Go(func() {
			for round := range 2 {
				for resource, create := range creations {
					err := create(t.Context(), fmt.Sprintf("o-%d-%d", i, round))
					if err == nil {
						succeeded[resource].Add(1)
					} else if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "exceeded quota: quota, requested: "+resource+"=") {
						t.Errorf("%s: %v", resource, err)
					}
				}
			}
		})
	}
	clients.Wait()

	quota, err := c.CoreV1().ResourceQuotas("default").Get(t.Context(), "quota", metav1.GetOptions{})
	testutil.Check(t, err)
	for name, want := range map[string]int64{"requests.cpu": 20, "count/configmaps": 70, "count/widgets.quota.example.com": 33} {
		used, hard := quota.Status.Used[corev1.ResourceName(name)], quota.Status.Hard[corev1.ResourceName(name)]
		if n := succeeded[name].Load(); n != want || used.Cmp(hard) != 0 {
			t.Errorf("%s: %d were created, and %s of %s are used; want %d", name, n, used.String(), hard.String(), want)
		}
	}
	if pods := quota.Status.Used["pods"]; pods.Value() != 20 {
		t.Errorf("%s pods are used, want 20", pods.String())
	}
}

// TestQuotasAreInForceAtOnce creates, changes and deletes a quota. The request after
// the answer must meet the new state.
func TestQuotasAreInForceAtOnce(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: []string{"--controllers="}}).Config)
	try := func(round int, want string) {
		t.Helper()
		_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("c"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if got := fmt.Sprint(err); got != want {
			t.Fatalf("round %d: %s, want %s", round, got, want)
		}
	}
	none, one := corev1.ResourceList{"configmaps": resource.MustParse("0")}, corev1.ResourceList{"configmaps": resource.MustParse("1")}
	const exceeded = `configmaps "c" is forbidden: exceeded quota: quota, requested: configmaps=1, used: configmaps=0, limited: configmaps=0`
	for round := range 30 {
		limited(t, c, "default", none)
		try(round, exceeded)
		setHard(t, c, "default", one)
		try(round, "<nil>")
		setHard(t, c, "default", none)
		try(round, exceeded)
		testutil.Check(t, c.CoreV1().ResourceQuotas("default").Delete(t.Context(), "quota", metav1.DeleteOptions{}))
		try(round, "<nil>")
	}
}

// TestLimitedResources requires a quota for some resources by the configuration of
// the plugin.
func TestLimitedResources(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admission.yaml")
	testutil.Check(t, os.WriteFile(file, []byte(`apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ResourceQuota
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: ResourceQuotaConfiguration
    limitedResources:
    - {resource: pods, matchContains: [example.com/gpu]}
    - resource: pods
      matchScopes: [{scopeName: CrossNamespacePodAffinity, operator: Exists}]
    - {resource: services, matchContains: [services.nodeports]}
    - {apiGroup: apps, resource: deployments, matchContains: [count/deployments.apps]}
`), 0o600))
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: []string{
		"--controllers=", "--disable-admission-plugins=ServiceAccount", "--admission-control-config-file=" + file,
	}}).Config)
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	createPod := func(change func(*corev1.PodSpec)) func() error {
		return func() error {
			p := pod("p")
			change(&p.Spec)
			_, err := c.CoreV1().Pods("default").Create(t.Context(), p, dry)
			return err
		}
	}
	gpu := createPod(func(spec *corev1.PodSpec) {
		one := corev1.ResourceList{"example.com/gpu": resource.MustParse("1")}
		spec.Containers[0].Resources = corev1.ResourceRequirements{Requests: one, Limits: one}
	})
	affinity := createPod(func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
			{TopologyKey: "zone", LabelSelector: &metav1.LabelSelector{}, Namespaces: []string{"other"}}}}}
	})
	nodePort := func() error {
		_, err := c.CoreV1().Services("default").Create(t.Context(), &corev1.Service{ObjectMeta: named("s"),
			Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Port: 1}}}}, dry)
		return err
	}
	check := func(when string, do func() error, want string) {
		t.Helper()
		if got := fmt.Sprint(do()); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	check("plain pod", createPod(func(*corev1.PodSpec) {}), "<nil>")
	check("no quota", gpu, `pods "p" is forbidden: insufficient quota to consume: requests.example.com/gpu`)
	check("no quota", affinity, "insufficient quota to match these scopes: [{CrossNamespacePodAffinity Exists []}]")
	check("no quota", nodePort, `services "s" is forbidden: insufficient quota to consume: services.nodeports`)
	limited(t, c, "default", corev1.ResourceList{"requests.example.com/gpu": resource.MustParse("1"), "services.nodeports": resource.MustParse("0")})
	check("with quota", gpu, "<nil>")
	check("with quota", affinity, "insufficient quota to match these scopes: [{CrossNamespacePodAffinity Exists []}]")
	check("with quota", nodePort,
		`services "s" is forbidden: exceeded quota: quota, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0`)
}
