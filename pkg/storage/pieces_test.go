package storage

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// replica returns one of many pods of a deployment.
func replica(i int) *corev1.Pod {
	container := func(name string) corev1.Container {
		return corev1.Container{Name: name, Image: "registry.example/" + name + ":1.2", Args: []string{"--v=2", "--listen=:8080"},
			Env: []corev1.EnvVar{{Name: "LEVEL", Value: "info"}, {Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.name"}}}},
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")}},
			VolumeMounts: []corev1.VolumeMount{{Name: fmt.Sprint("kube-api-access-", i), MountPath: "/var/run/secrets", ReadOnly: true}},
		}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("web-", i), Namespace: "default", Labels: map[string]string{"app": "web", "tier": "front"},
			CreationTimestamp: metav1.Unix(1_700_000_000+int64(i), 0)},
		Spec: corev1.PodSpec{Containers: []corev1.Container{container("app"), container("proxy")}, RestartPolicy: corev1.RestartPolicyAlways,
			Tolerations: []corev1.Toleration{{Key: "node.kubernetes.io/not-ready", Operator: corev1.TolerationOpExists, TolerationSeconds: new(int64(300))}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: fmt.Sprint("10.0.0.", i)},
	}
}

// decodeEvent encodes an object, and decodes it as that of an event.
func decodeEvent[T runtime.Object](t *testing.T, codec kindless, obj T) T {
	t.Helper()
	data, err := runtime.Encode(codec, obj)
	testutil.Check(t, err)
	decoded, _, err := codec.Decode(data, nil, nil)
	testutil.Check(t, err)
	return decoded.(T)
}

// TestPieces decodes pods that differ in some fields: each is as it was encoded, and
// they have the same copy of what they have in common.
func TestPieces(t *testing.T) {
	t.Parallel()
	codec := newKindless(t)
	var pods []*corev1.Pod
	for i := range 3 {
		pod := decodeEvent(t, codec, replica(i))
		pod.TypeMeta = metav1.TypeMeta{} // which the codec of a server clears
		if want := replica(i); !apiequality.Semantic.DeepEqual(pod, want) {
			t.Fatalf("decoded: %v\nwant: %v", pod, want)
		}
		pods = append(pods, pod)
	}
	a, b := pods[1], pods[2]
	pointer := func(m any) unsafe.Pointer { return reflect.ValueOf(m).UnsafePointer() }
	for name, same := range map[string]bool{
		"labels":      pointer(a.Labels) == pointer(b.Labels),
		"tolerations": &a.Spec.Tolerations[0] == &b.Spec.Tolerations[0],
		"environment": &a.Spec.Containers[1].Env[0] == &b.Spec.Containers[1].Env[0],
		"arguments":   &a.Spec.Containers[0].Args[0] == &b.Spec.Containers[1].Args[0],
		"requests":    pointer(a.Spec.Containers[0].Resources.Requests) == pointer(b.Spec.Containers[0].Resources.Requests),
		"image":       unsafe.StringData(a.Spec.Containers[0].Image) == unsafe.StringData(b.Spec.Containers[0].Image),
	} {
		if !same {
			t.Errorf("the pods have two copies of the %s", name)
		}
	}
	if &a.Spec.Containers[0] == &b.Spec.Containers[0] {
		t.Error("the pods have the same containers, which differ")
	}
	if tolerations := a.Spec.Tolerations; cap(tolerations) != len(tolerations) {
		t.Error("there is room to append to what pods have in common")
	}
}

// TestPiecesOfManyEvents decodes events at the same time, as the watch cache does, while
// others read the objects: what they have in common does not change any more.
func TestPiecesOfManyEvents(t *testing.T) {
	t.Parallel()
	codec := newKindless(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 100 {
				want := replica(i)
				want.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{}}`)}}}
				pod := decodeEvent(t, codec, want)
				pod.TypeMeta = metav1.TypeMeta{}
				if !apiequality.Semantic.DeepEqual(pod, want) {
					t.Errorf("decoded: %v\nwant: %v", pod, want)
				}
			}
		})
	}
	group.Wait()
}

// TestPiecesThatDiffer decodes objects of which defaults, or something else, have changed
// a piece after it was decoded: the encoding is the same, the piece is not.
func TestPiecesThatDiffer(t *testing.T) {
	t.Parallel()
	codec := newKindless(t)
	data, err := runtime.Encode(codec, replica(0))
	testutil.Check(t, err)
	for range 2 {
		for _, port := range []int32{0, 8080} {
			pod := replica(0)
			pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 8080, HostPort: port}}
			want := pod.DeepCopy()
			codec.pieces.share(pod, data)
			if !reflect.DeepEqual(pod, want) {
				t.Errorf("shared: %v\nwant: %v", pod, want)
			}
		}
	}
}

// TestSecretsAreNotShared checks that no secret stays in memory after its object.
func TestSecretsAreNotShared(t *testing.T) {
	t.Parallel()
	codec := newKindless(t)
	decodeEvent(t, codec, &corev1.Secret{Data: map[string][]byte{"password": []byte("correct horse battery staple")}, Type: corev1.SecretTypeOpaque})
	for i := range codec.pieces.known {
		if codec.pieces.known[i].Load() != nil || codec.pieces.strings[i].Load() != nil {
			t.Fatal("something of the secret is remembered")
		}
	}
}

// TestDamagedEncoding gives encodings that do not belong to the object.
func TestDamagedEncoding(t *testing.T) {
	t.Parallel()
	codec := newKindless(t)
	data, err := runtime.Encode(codec, replica(0))
	testutil.Check(t, err)
	other, err := runtime.Encode(codec, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Spec: corev1.NodeSpec{
		PodCIDRs: []string{"10.0.0.0/24", "fd00::/64"},
		Taints:   []corev1.Taint{{Key: "a", Effect: corev1.TaintEffectNoSchedule, TimeAdded: new(metav1.NewTime(time.Unix(1, 0)))}}}})
	testutil.Check(t, err)
	tagged := protowire.AppendTag([]byte("k8s\x00"), 2, protowire.BytesType)
	encodings := [][]byte{nil, []byte("{}"), []byte("k8s\x00\xff"), tagged, append(tagged, 0xff), other}
	for i := range data {
		encodings = append(encodings, data[:i])
		changed := append([]byte(nil), data...)
		changed[i] ^= 0x5a
		encodings = append(encodings, changed)
	}
	for _, encoding := range encodings {
		pod := replica(0)
		codec.pieces.share(pod, encoding)
		if !reflect.DeepEqual(pod, replica(0)) {
			t.Fatalf("the encoding %q has changed the pod: %v", encoding, pod)
		}
	}
}

func BenchmarkPieces(b *testing.B) {
	codec := newKindless(b)
	data, err := runtime.Encode(codec, replica(0))
	testutil.Check(b, err)
	pods := make([]*corev1.Pod, b.N)
	for i := range pods {
		pods[i] = replica(0)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, pod := range pods {
		codec.pieces.share(pod, data)
	}
}
