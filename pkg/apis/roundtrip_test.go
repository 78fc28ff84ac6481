package apis

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1alpha1 "k8s.io/api/certificates/v1alpha1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	coordinationv1alpha2 "k8s.io/api/coordination/v1alpha2"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	storagemigrationv1beta1 "k8s.io/api/storagemigration/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/randfill"
)

// TestRoundTrip converts random objects of versions that the hubs hold in full to
// the hub and back.
func TestRoundTrip(t *testing.T) {
	fill := randfill.NewWithSeed(1).NilChance(0).NumElements(1, 2).Funcs(func(*metav1.TypeMeta, randfill.Continue) {})
	for _, gv := range []schema.GroupVersion{
		certificatesv1.SchemeGroupVersion, certificatesv1beta1.SchemeGroupVersion, certificatesv1alpha1.SchemeGroupVersion,
		coordinationv1beta1.SchemeGroupVersion, coordinationv1alpha2.SchemeGroupVersion, storagemigrationv1beta1.SchemeGroupVersion,
	} {
		for kind, of := range Scheme.KnownTypes(gv) {
			if !HasHub(of) {
				continue
			}
			t.Run(gv.WithKind(kind).String(), func(t *testing.T) {
				internal := schema.GroupVersionKind{Group: gv.Group, Version: runtime.APIVersionInternal, Kind: kind}
				object, hub, back := newObject(t, gv.WithKind(kind)), newObject(t, internal), newObject(t, gv.WithKind(kind))
				fill.Fill(object)
				for _, step := range [][2]runtime.Object{{object.DeepCopyObject(), hub}, {hub, back}} {
					if err := Scheme.Convert(step[0], step[1], nil); err != nil {
						t.Fatal(err)
					}
					step[1].GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
				}
				if diff := cmp.Diff(object, back); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func newObject(t *testing.T, kind schema.GroupVersionKind) runtime.Object {
	t.Helper()
	object, err := Scheme.New(kind)
	if err != nil {
		t.Fatal(err)
	}
	return object
}
