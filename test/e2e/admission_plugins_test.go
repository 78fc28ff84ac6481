package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// admissionConfig configures the plugins of TestOptionalPlugins.
const admissionConfig = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: EventRateLimit
  configuration:
    apiVersion: eventratelimit.admission.k8s.io/v1alpha1
    kind: Configuration
    limits: [{type: SourceAndObject, qps: 1, burst: 1}]
- name: PodNodeSelector
  configuration: {podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: "zone=a"}}
- name: PodTolerationRestriction
  configuration:
    apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1
    kind: Configuration
    default: [{key: team, operator: Exists}]
`

// TestOptionalPlugins runs one server with the plugins that are off by default.
func TestOptionalPlugins(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "admission.yaml")
	testutil.Check(t, os.WriteFile(file, []byte(admissionConfig), 0o600))
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--admission-control-config-file=" + file,
		"--enable-admission-plugins=AlwaysAdmit,AlwaysPullImages," +
			"DenyServiceExternalIPs,EventRateLimit,ExtendedResourceToleration,LimitPodHardAntiAffinityTopology,NamespaceAutoProvision,NamespaceExists," +
			"OwnerReferencesPermissionEnforcement,PodNodeSelector,PodTolerationRestriction",
	}})
	c := kubernetes.NewForConfigOrDie(s.Config)
	create := metav1.CreateOptions{}

	pod := &corev1.Pod{ObjectMeta: named("p"), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i:1", ImagePullPolicy: corev1.PullNever,
		Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"a.com/x": resource.MustParse("1")}}}}}}
	got, err := c.CoreV1().Pods("provisioned").Create(t.Context(), pod, create)
	testutil.Check(t, err)
	var tolerated []string
	for _, toleration := range got.Spec.Tolerations {
		tolerated = append(tolerated, toleration.Key)
	}
	state := fmt.Sprintf("%v %v %v", got.Spec.Containers[0].ImagePullPolicy, got.Spec.NodeSelector, tolerated)
	if want := "Always map[zone:a] [node.kubernetes.io/not-ready node.kubernetes.io/unreachable team a.com/x]"; state != want {
		t.Errorf("%s\nwant %s", state, want)
	}

	anti := pod.DeepCopy()
	anti.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{
		{TopologyKey: "zone", LabelSelector: &metav1.LabelSelector{}}}}}
	other := pod.DeepCopy()
	other.Spec.NodeSelector = map[string]string{"zone": "b"}
	event := &corev1.Event{ObjectMeta: named("e"), InvolvedObject: corev1.ObjectReference{Namespace: "default"}}
	_, err = c.CoreV1().Events("default").Create(t.Context(), event, create)
	testutil.Check(t, err)
	event.Name = "f"
	for _, test := range []struct {
		name, want string
		do         func() error
	}{
		{"anti-affinity", `pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed`,
			func() error { _, err := c.CoreV1().Pods("default").Create(t.Context(), anti, create); return err }},
		{"node selector", `pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector`,
			func() error { _, err := c.CoreV1().Pods("default").Create(t.Context(), other, create); return err }},
		{"event rate", `Too many requests: limit reached on type SourceAndObject for key default`,
			func() error { _, err := c.CoreV1().Events("default").Create(t.Context(), event, create); return err }},
		{"external IPs", `services "s" is forbidden: Use of external IPs is denied by admission control`, func() error {
			_, err := c.CoreV1().Services("default").Create(t.Context(), &corev1.Service{ObjectMeta: named("s"),
				Spec: corev1.ServiceSpec{ExternalIPs: []string{"192.0.2.7"}, Ports: []corev1.ServicePort{{Port: 80}}}}, create)
			return err
		}},
		{"owner", `configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
			func() error { return blockOwner(t, s.Config, c) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := fmt.Sprint(test.do()); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

// blockOwner makes a pod wait for a config map, as a user who may only create config maps.
func blockOwner(t *testing.T, config *restclient.Config, c kubernetes.Interface) error {
	_, err := c.RbacV1().Roles("default").Create(t.Context(), &rbacv1.Role{ObjectMeta: named("writer"),
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create"}}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = c.RbacV1().RoleBindings("default").Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: named("writer"),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "writer"},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: "bob"}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	bob := restclient.CopyConfig(config)
	bob.Impersonate.UserName = "bob"
	configMaps := kubernetes.NewForConfigOrDie(bob).CoreV1().ConfigMaps("default")
	eventually(t, "the right is in force", func() bool {
		_, err := configMaps.Create(t.Context(), configMap("any"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err == nil
	})
	object := &corev1.ConfigMap{ObjectMeta: named("c")}
	object.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "p", UID: "u", BlockOwnerDeletion: ptr.To(true)}}
	_, err = configMaps.Create(t.Context(), object, metav1.CreateOptions{})
	return err
}
