package limitranger

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

type (
	list  = map[corev1.ResourceName]string
	items = []corev1.LimitRangeItem
)

func quantities(l list) corev1.ResourceList {
	var r corev1.ResourceList
	for name, value := range l {
		if r == nil {
			r = corev1.ResourceList{}
		}
		r[name] = resource.MustParse(value)
	}
	return r
}

func container(name string, requests, limits list) corev1.Container {
	return corev1.Container{Name: name, Resources: corev1.ResourceRequirements{Requests: quantities(requests), Limits: quantities(limits)}}
}

func sidecar(name string, requests, limits list) corev1.Container {
	c, always := container(name, requests, limits), corev1.ContainerRestartPolicyAlways
	c.RestartPolicy = &always
	return c
}

func pod(containers ...corev1.Container) *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{Containers: containers}}
}

func withInit(p *corev1.Pod, containers ...corev1.Container) *corev1.Pod {
	p.Spec.InitContainers = containers
	return p
}

func withResources(p *corev1.Pod, requests, limits list) *corev1.Pod {
	p.Spec.Resources = &corev1.ResourceRequirements{Requests: quantities(requests), Limits: quantities(limits)}
	return p
}

func claim(request string) *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{
		Resources: corev1.VolumeResourceRequirements{Requests: quantities(list{"storage": request}), Limits: quantities(list{"storage": "1Ti"})}}}
}

// start returns the plugin for a namespace with the ranges a, b and so on.
func start(t *testing.T, ranges ...items) *plugin {
	t.Helper()
	client := fake.NewClientset()
	for i, items := range ranges {
		err := client.Tracker().Add(&corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: string(rune('a' + i))},
			Spec: corev1.LimitRangeSpec{Limits: items}})
		if err != nil {
			t.Fatal(err)
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	p := newPlugin()
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(t.Context())
	return p
}

func request(resource, subresource string, operation admission.Operation, obj runtime.Object) admission.Attributes {
	return apiadmission.NewAttributesRecord(obj, obj, schema.GroupVersionKind{}, "ns", "p",
		corev1.SchemeGroupVersion.WithResource(resource), subresource, operation, nil, false, nil)
}

func TestDefaults(t *testing.T) {
	both := items{{Type: "Container", Default: quantities(list{"cpu": "500m", "memory": "1Gi"}),
		DefaultRequest: quantities(list{"cpu": "500m", "memory": "1Gi"})}}
	cpu := items{{Type: "Container", DefaultRequest: quantities(list{"cpu": "100m"})}, {Type: "Pod", Max: quantities(list{"cpu": "1"})}}
	for _, test := range []struct {
		name   string
		ranges []items
		pod    *corev1.Pod
		want   string // the annotation
		cpu    string // the request of the first container
	}{
		{"no limit range", nil, pod(container("a", nil, nil)), "", "0"},
		{"all containers", []items{both}, withInit(pod(container("a", nil, nil), container("b", list{"cpu": "1"}, list{"cpu": "1"})),
			container("i", nil, nil), sidecar("s", list{"memory": "1"}, nil)),
			"LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for container a; memory request for container b; " +
				"memory limit for container b; cpu, memory request for init container i; cpu, memory limit for init container i; " +
				"cpu request for init container s; cpu, memory limit for init container s", "500m"},
		{"requests only", []items{cpu}, pod(container("a", nil, nil)), "LimitRanger plugin set: cpu request for container a", "100m"},
		{"nothing is missing", []items{cpu}, pod(container("a", list{"cpu": "7m"}, nil)), "", "7m"},
		{"the first has precedence, the last with an effect is noted", []items{cpu, both, cpu}, pod(container("a", nil, list{"cpu": "1"})),
			"LimitRanger plugin set: memory request for container a; memory limit for container a", "100m"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := start(t, test.ranges...).Admit(t.Context(), request("pods", "", admission.Create, test.pod), nil); err != nil {
				t.Fatal(err)
			}
			cpu := test.pod.Spec.Containers[0].Resources.Requests.Cpu().String()
			if got := test.pod.Annotations[annotation]; got != test.want || cpu != test.cpu {
				t.Errorf("%s, %s\nwant %s, %s", got, cpu, test.want, test.cpu)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	ratio := items{{Type: "Container", MaxLimitRequestRatio: quantities(list{"cpu": "1.1"})}}
	container2 := items{{Type: "Container", Min: quantities(list{"cpu": "100m"}), Max: quantities(list{"cpu": "1"})}}
	pods := items{{Type: "Pod", Min: quantities(list{"cpu": "100m", "memory": "10Mi"}), Max: quantities(list{"cpu": "1"}),
		MaxLimitRequestRatio: quantities(list{"cpu": "2"})}}
	claims := items{{Type: "PersistentVolumeClaim", Min: quantities(list{"storage": "2Gi"}), Max: quantities(list{"storage": "4Gi", "cpu": "1"})}}
	most := func(cpu string) corev1.Container {
		return container("c", list{"cpu": cpu, "memory": "1Gi"}, list{"cpu": cpu, "memory": "1Gi"})
	}
	for _, test := range []struct {
		name   string
		ranges []items
		obj    runtime.Object
		want   string
	}{
		{"ratio, exactly", []items{ratio}, pod(container("a", list{"cpu": "100m"}, list{"cpu": "110m"})), ""},
		{"ratio, above", []items{ratio}, pod(container("a", list{"cpu": "100m"}, list{"cpu": "111m"})),
			"cpu max limit to request ratio per Container is 1100m, but provided ratio is 1.110000"},
		{"ratio, no request", []items{ratio}, pod(container("a", list{"cpu": "0"}, list{"cpu": "1"})),
			"cpu max limit to request ratio per Container is 1100m, but no request is specified or request is 0"},
		{"ratio, no limit", []items{ratio}, pod(container("a", list{"cpu": "1"}, nil)),
			"cpu max limit to request ratio per Container is 1100m, but no limit is specified or limit is 0"},
		{"ratio of large quantities", []items{{{Type: "Container", MaxLimitRequestRatio: quantities(list{"memory": "2"})}}},
			pod(container("a", list{"memory": "3P"}, list{"memory": "10P"})),
			"memory max limit to request ratio per Container is 2, but provided ratio is 3.333333"},
		{"several containers, one message for the same fault", []items{container2}, withInit(
			pod(container("a", list{"cpu": "1m"}, list{"cpu": "4"}), container("b", list{"cpu": "2"}, list{"cpu": "3"})),
			sidecar("s", list{"cpu": "1m"}, list{"cpu": "1"})),
			"[minimum cpu usage per Container is 100m, but request is 1m, maximum cpu usage per Container is 1, but limit is 4, " +
				"maximum cpu usage per Container is 1, but limit is 3]"},
		{"the first violated range", []items{ratio, container2, pods}, pod(container("a", list{"cpu": "2"}, list{"cpu": "2"})),
			"maximum cpu usage per Container is 1, but limit is 2"},
		{"pod, nothing specified", []items{pods}, pod(container("a", nil, nil)),
			"[minimum cpu usage per Pod is 100m.  No request is specified, minimum memory usage per Pod is 10Mi.  No request is specified, " +
				"maximum cpu usage per Pod is 1.  No limit is specified, cpu max limit to request ratio per Pod is 2, but no request is specified or request is 0]"},
		{"pod, sum", []items{pods}, pod(most("600m"), most("600m")), "maximum cpu usage per Pod is 1, but limit is 1200m"},
		{"pod, init container", []items{pods}, withInit(pod(most("600m")), most("1")), ""},
		{"pod, sidecar", []items{pods}, withInit(pod(most("600m")), sidecar("s", list{"cpu": "600m"}, list{"cpu": "600m"})),
			"maximum cpu usage per Pod is 1, but limit is 1200m"},
		{"pod, resources of its own", []items{pods}, withResources(pod(most("100m")), list{"cpu": "2"}, list{"cpu": "2"}),
			"maximum cpu usage per Pod is 1, but limit is 2"},
		{"pod, bounds of claims", []items{claims}, pod(most("1")), ""},
		{"claim", []items{claims}, claim("1Gi"),
			"[minimum storage usage per PersistentVolumeClaim is 2Gi, but request is 1Gi, maximum cpu usage per PersistentVolumeClaim is 1.  No request is specified]"},
		{"claim, large", []items{{{Type: "PersistentVolumeClaim", Max: quantities(list{"storage": "4Gi"})}}}, claim("5Gi"),
			"maximum storage usage per PersistentVolumeClaim is 4Gi, but request is 5Gi"},
		{"claim, bounds of pods", []items{pods}, claim("1Gi"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, resource := "<nil>", "pods"
			if _, ok := test.obj.(*corev1.PersistentVolumeClaim); ok {
				resource = "persistentvolumeclaims"
			}
			if test.want != "" {
				want = resource + ` "p" is forbidden: ` + test.want
			}
			p := start(t, test.ranges...)
			if got := fmt.Sprint(p.Validate(t.Context(), request(resource, "", admission.Create, test.obj), nil)); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

func TestUpdates(t *testing.T) {
	p := start(t, items{{Type: "Container", Max: quantities(list{"cpu": "1"})}, {Type: "PersistentVolumeClaim", Min: quantities(list{"storage": "2Gi"})}})
	large, deleted := pod(container("a", nil, list{"cpu": "2"})), claim("1Gi")
	deleted.DeletionTimestamp = &metav1.Time{}
	for _, test := range []struct {
		name, resource, subresource string
		obj                         runtime.Object
		refused                     bool
	}{
		{"pod", "pods", "", large, false},
		{"resize", "pods", "resize", large, true},
		{"claim", "persistentvolumeclaims", "", claim("1Gi"), true},
		{"claim that is deleted", "persistentvolumeclaims", "", deleted, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := p.Validate(t.Context(), request(test.resource, test.subresource, admission.Update, test.obj), nil)
			if (err != nil) != test.refused {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
