package install

import (
	"slices"
	"sync"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/registry/generic"
	genericapiserver "k8s.io/apiserver/pkg/server"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// counter counts how often storage is made of a resource, which is once for each
// etcd client and watch cache.
type counter struct {
	mu    sync.Mutex
	made  map[schema.GroupResource]int
	codec runtime.Codec
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (c *counter) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	config := storagebackend.NewDefaultConfig("/registry", c.codec).ForResource(resource)
	return generic.RESTOptions{StorageConfig: config, ResourcePrefix: resource.Resource, Decorator: c.decorate, DeleteCollectionWorkers: 1}, nil
}

func (c *counter) decorate(config *storagebackend.ConfigForResource, _ string, _ func(runtime.Object) (string, error), _ func() runtime.Object,
	_ func() runtime.Object, _ apistorage.AttrFunc, _ apistorage.IndexerFuncs, _ *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made[config.GroupResource]++
	return nil, func() {}, nil
}

// TestOneStorageForAllVersions counts the storage of all resources, of which some
// are served in several versions, or in two groups.
func TestOneStorageForAllVersions(t *testing.T) {
	all := groups.All(groups.Needs{})
	enabled, err := NewEnabled(all, ResourceConfig(all), at(t, 1, 37))
	if err != nil {
		t.Fatal(err)
	}
	count := &counter{made: map[schema.GroupResource]int{}, codec: apis.Codecs.LegacyCodec(corev1.SchemeGroupVersion)}
	in := &Installer{
		Server: &genericapiserver.GenericAPIServer{},
		Deps:   registry.Deps{Scheme: apis.Scheme, RESTOptions: count, Objects: &objects.Access{}},
	}
	made, err := in.makeStorage(enabled)
	if err != nil {
		t.Fatal(err)
	}
	for definition := range made {
		info, want := definition.Info(), 0
		if info.Stored {
			want = 1
		}
		if got := count.made[info.GVR.GroupResource()]; got != want {
			t.Errorf("%s, served in %v: %d stores, want %d", info.GVR.GroupResource(), info.Versions, got, want)
		}
	}
	for _, gr := range []schema.GroupResource{autoscalingv2.Resource("horizontalpodautoscalers"), corev1.Resource("events")} {
		if count.made[gr] != 1 {
			t.Errorf("%s: %d stores", gr, count.made[gr])
		}
	}
}

func TestEnabled(t *testing.T) {
	all := groups.All(groups.Needs{})
	hpas := func(version string) schema.GroupVersionResource {
		return schema.GroupVersionResource{Group: "autoscaling", Version: version, Resource: "horizontalpodautoscalers"}
	}
	config := ResourceConfig(all)
	enabled, err := NewEnabled(all, config, at(t, 1, 37))
	if err != nil {
		t.Fatal(err)
	}
	for gvr, want := range map[schema.GroupVersionResource]bool{
		hpas("v2"): true, hpas("v1"): true, hpas("v2beta2"): false,
		corev1.SchemeGroupVersion.WithResource("events"):   true,
		eventsv1.SchemeGroupVersion.WithResource("events"): true,
		eventsv1.SchemeGroupVersion.WithResource("pods"):   false,
	} {
		if got := enabled.Serves(gvr); got != want {
			t.Errorf("%s is served: %v", gvr, got)
		}
	}
	config.DisableVersions(autoscalingv1.SchemeGroupVersion)
	if enabled, err = NewEnabled(all, config, at(t, 1, 37)); err != nil {
		t.Fatal(err)
	}
	if enabled.Serves(hpas("v1")) || !enabled.Serves(hpas("v2")) {
		t.Error("one version cannot be disabled alone")
	}
}

// TestLifecycle enables a version that Kubernetes 1.37 has removed.
func TestLifecycle(t *testing.T) {
	all := groups.All(groups.Needs{})
	for _, test := range []struct {
		minor   uint
		served  bool
		missing []string
	}{
		{36, true, nil},
		{37, false, []string{"networking.k8s.io/v1beta1"}},
	} {
		config := ResourceConfig(all)
		config.EnableVersions(networkingv1beta1.SchemeGroupVersion)
		enabled, err := NewEnabled(all, config, at(t, 1, test.minor))
		if err != nil {
			t.Fatal(err)
		}
		if got := enabled.Serves(networkingv1beta1.SchemeGroupVersion.WithResource("ipaddresses")); got != test.served {
			t.Errorf("1.%d: v1beta1 is served: %v", test.minor, got)
		}
		if !enabled.Serves(networkingv1.SchemeGroupVersion.WithResource("ipaddresses")) {
			t.Errorf("1.%d: v1 is not served", test.minor)
		}
		if config.ExplicitGroupVersionConfigs = config.GroupVersionConfigs; !slices.Equal(enabled.Missing(), test.missing) {
			t.Errorf("1.%d: missing %v", test.minor, enabled.Missing())
		}
	}
}

// at is the lifecycle at an emulated version.
func at(t *testing.T, major, minor uint) genericapiserver.ResourceExpirationEvaluator {
	t.Helper()
	lifecycle, err := genericapiserver.NewResourceExpirationEvaluator(version.MajorMinor(major, minor))
	if err != nil {
		t.Fatal(err)
	}
	return lifecycle
}

// Versions that are not stable are served only when they are asked for.
func TestUnstableVersionsAreOff(t *testing.T) {
	group := registry.Group{Name: "example.com", Versions: []registry.Version{{Name: "v2"}, {Name: "v2beta1"}, {Name: "v3alpha1"}}}
	config := ResourceConfig([]registry.Group{group})
	var on []string
	for _, version := range group.Versions {
		if config.ResourceEnabled(group.GroupVersion(version).WithResource("things")) {
			on = append(on, version.Name)
		}
	}
	if !slices.Equal(on, []string{"v2"}) {
		t.Errorf("served by default: %v", on)
	}
}
