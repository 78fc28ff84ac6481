package apis

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	policyv1 "k8s.io/api/policy/v1"
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// TestHubIsTheTypeOfTheFirstVersion checks that the internal version of each
// kind is its type in the most preferred version.
func TestHubIsTheTypeOfTheFirstVersion(t *testing.T) {
	want := map[schema.GroupKind]reflect.Type{
		{Group: eventsv1.GroupName, Kind: "Event"}:     reflect.TypeFor[corev1.Event](),
		{Group: eventsv1.GroupName, Kind: "EventList"}: reflect.TypeFor[corev1.EventList](),

		{Group: certificatesv1beta1.GroupName, Kind: "PodCertificateRequest"}:     reflect.TypeFor[certificatesv1beta1.PodCertificateRequest](),
		{Group: certificatesv1beta1.GroupName, Kind: "PodCertificateRequestList"}: reflect.TypeFor[certificatesv1beta1.PodCertificateRequestList](),
	}
	for _, g := range groups {
		for kind, versioned := range Scheme.KnownTypes(g.version) {
			gk := g.version.WithKind(kind).GroupKind()
			if _, ok := want[gk]; !ok && HasHub(versioned) {
				want[gk] = versioned
			}
		}
	}
	if diff := cmp.Diff(want, hubs(Scheme), cmp.Comparer(func(a, b reflect.Type) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for gk, hub := range map[schema.GroupKind]any{
		{Kind: "Pod"}:                       corev1.Pod{},
		{Group: "apps", Kind: "Deployment"}: appsv1.Deployment{},
		{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:   autoscalingv2.HorizontalPodAutoscaler{},
		{Group: "autoscaling", Kind: "Scale"}:                     autoscalingv1.Scale{},
		{Group: "policy", Kind: "Eviction"}:                       policyv1.Eviction{},
		{Group: "events.k8s.io", Kind: "Event"}:                   corev1.Event{},
		{Group: "apiregistration.k8s.io", Kind: "APIServiceList"}: apiregistrationv1.APIServiceList{},
	} {
		if got := hubs(Scheme)[gk]; got != reflect.TypeOf(hub) {
			t.Errorf("%s: the hub is %v, want %T", gk, got, hub)
		}
	}
}

// TestHubWithoutGA checks the hubs of versions that are not GA, both together
// with a GA version and alone.
func TestHubWithoutGA(t *testing.T) {
	ga := group{version: resourcev1.SchemeGroupVersion, types: resourcev1.AddToScheme}
	beta2 := group{version: resourcev1beta2.SchemeGroupVersion, types: resourcev1beta2.AddToScheme}
	beta1 := group{version: resourcev1beta1.SchemeGroupVersion, types: resourcev1beta1.AddToScheme}
	alpha := group{version: resourcev1alpha3.SchemeGroupVersion, types: resourcev1alpha3.AddToScheme}
	for name, c := range map[string]struct {
		versions []group
		kind     string
		want     any
	}{
		"in all versions":       {[]group{ga, beta2, beta1, alpha}, "ResourceClaim", resourcev1.ResourceClaim{}},
		"alpha only":            {[]group{ga, beta2, beta1, alpha}, "ResourcePoolStatusRequest", resourcev1alpha3.ResourcePoolStatusRequest{}},
		"no GA version":         {[]group{beta2, beta1, alpha}, "ResourceClaim", resourcev1beta2.ResourceClaim{}},
		"not in the first beta": {[]group{beta1, beta2, alpha}, "DeviceTaintRule", resourcev1beta2.DeviceTaintRule{}},
		"the older beta first":  {[]group{beta1, beta2}, "ResourceClaim", resourcev1beta1.ResourceClaim{}},
	} {
		got := hubs(newScheme(c.versions))[schema.GroupKind{Group: resourcev1.GroupName, Kind: c.kind}]
		if got != reflect.TypeOf(c.want) {
			t.Errorf("%s: the hub of %s is %v, want %T", name, c.kind, got, c.want)
		}
	}
}

// hubs returns the types that a scheme has as internal versions, without the
// options and watch events that every group has.
func hubs(scheme *runtime.Scheme) map[schema.GroupKind]reflect.Type {
	hubs := map[schema.GroupKind]reflect.Type{}
	for gvk, t := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal && HasHub(t) {
			hubs[gvk.GroupKind()] = t
		}
	}
	return hubs
}

func TestStorageIsProtobufOfTheHub(t *testing.T) {
	info, ok := runtime.SerializerInfoForMediaType(Codecs.SupportedMediaTypes(), runtime.ContentTypeProtobuf)
	if !ok {
		t.Fatal("no protobuf")
	}
	codec := Codecs.CodecForVersions(info.Serializer, info.Serializer, corev1.SchemeGroupVersion, schema.GroupVersion{Version: runtime.APIVersionInternal})
	data, err := runtime.Encode(codec, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Data: map[string]string{"k": "v"}})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("k8s\x00")) {
		t.Errorf("encoded as %q", data[:8])
	}
	object, err := runtime.Decode(codec, data)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := object.(*corev1.ConfigMap); !ok || c.Data["k"] != "v" || c.APIVersion != "" {
		t.Errorf("decoded as %#v", object)
	}
}

// FuzzDecode decodes arbitrary data in each of the formats and sets the
// defaults. Decoding must return an object or an error, and a decoded object
// must be encodable.
func FuzzDecode(f *testing.F) {
	for _, object := range []runtime.Object{
		&corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i:1"}}, Volumes: []corev1.Volume{{Name: "v"}}}},
		&corev1.Secret{StringData: map[string]string{"a": "b"}},
		&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{}}},
	} {
		for _, info := range Codecs.SupportedMediaTypes() {
			encoder := Codecs.EncoderForVersion(info.Serializer, schema.GroupVersions(Scheme.PrioritizedVersionsAllGroups()))
			data, err := runtime.Encode(encoder, object)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("apiVersion: v1\nkind: List\nitems: [&a [*a]]"))
	f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[null]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, info := range Codecs.SupportedMediaTypes() {
			for _, serializer := range []runtime.Serializer{info.Serializer, info.StrictSerializer} {
				object, gvk, err := Codecs.CodecForVersions(nil, serializer, nil, runtime.InternalGroupVersioner).Decode(data, nil, nil)
				if err != nil {
					continue
				}
				encoder := Codecs.EncoderForVersion(info.Serializer, gvk.GroupVersion())
				if _, err := runtime.Encode(encoder, object); err != nil && !strings.Contains(err.Error(), "UTF-8") {
					t.Errorf("%s: %v was decoded and cannot be encoded: %v", info.MediaType, gvk, err)
				}
			}
		}
	})
}
