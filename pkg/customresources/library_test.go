package customresources

import (
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// madeStores is a generic.RESTOptionsGetter that counts the storages that are made.
type madeStores int

// GetRESTOptions implements generic.RESTOptionsGetter.
func (m *madeStores) GetRESTOptions(schema.GroupResource, runtime.Object) (generic.RESTOptions, error) {
	decorator := func(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object, func() runtime.Object,
		apistorage.AttrFunc, apistorage.IndexerFuncs, *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
		*m++
		return nil, func() {}, nil
	}
	config := &storagebackend.ConfigForResource{}
	config.Codec = extensions.Codecs.LegacyCodec()
	return generic.RESTOptions{StorageConfig: config, Decorator: decorator, ResourcePrefix: "things"}, nil
}

// TestHandlerBuildsOnDemand checks with the handler of the library that nothing is built of a
// definition before the first use, that one build serves all that follow, and that a change
// of the spec and disuse, but not a change of the status, lead to another one.
func TestHandlerBuildsOnDemand(t *testing.T) {
	crd := define("things.example.com", conditions{"NamesAccepted", "Established"}, withSchema)
	crd.Spec.Conversion = &apiextensionsv1.CustomResourceConversion{Strategy: apiextensionsv1.NoneConverter}
	v, s := settledView(t, crd)
	var made madeStores
	handler, err := extensions.NewCustomResourceDefinitionHandler(nil, nil, v, nil, &made, nil, nil, nil, nil, 1, nil, time.Second, time.Second, nil, 0)
	testutil.Check(t, err)
	if made != 0 || s.reads != 0 {
		t.Errorf("%d storages are made of %d reads without a request", made, s.reads)
	}
	changed := func(version string, generation int64) func() {
		return func() {
			after := crd.DeepCopy()
			after.ResourceVersion, after.Generation = version, generation
			v.OnUpdate(crd, after)
		}
	}
	for _, tt := range []struct {
		name string
		do   func()
		made madeStores
	}{
		{"first use", func() {}, 1},
		{"second use", func() {}, 0},
		{"a change of the status", changed("6", 1), 0},
		{"a change of the spec", changed("7", 2), 1},
		{"disuse", func() { v.release(crd.UID) }, 1},
		{"disuse of what is not used", func() { v.release("other") }, 0},
	} {
		made, s.reads = 0, 0
		tt.do()
		_, err := instances{handler}.GetCustomResourceListerCollectionDeleter(crd)
		testutil.Check(t, err)
		if made != tt.made || s.reads != int(tt.made) {
			t.Errorf("%s: %d storages are made of %d reads, not %d", tt.name, made, s.reads, tt.made)
		}
	}
}
