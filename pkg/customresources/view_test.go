package customresources

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/finalizer"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// stored is a storage of definitions that counts how often one is read.
type stored struct {
	crds  map[string]*internal.CustomResourceDefinition
	reads int
}

// Get implements rest.Getter.
func (s *stored) Get(_ context.Context, name string, _ *metav1.GetOptions) (runtime.Object, error) {
	s.reads++
	if crd := s.crds[name]; crd != nil {
		return crd, nil
	}
	return nil, apierrors.NewNotFound(resource.GroupResource(), name)
}

// store returns definitions that are stored, but that the informer does not have yet.
func store(t *testing.T, crds ...*apiextensionsv1.CustomResourceDefinition) (*definitions, *stored) {
	t.Helper()
	s := &stored{crds: map[string]*internal.CustomResourceDefinition{}}
	access := &objects.Access{}
	access.Add(resource.GroupResource(), s)
	for _, crd := range crds {
		out := &internal.CustomResourceDefinition{}
		testutil.Check(t, apiextensions.Scheme.Convert(crd, out, nil))
		s.crds[crd.Name] = out
	}
	return newDefinitions(access), s
}

// settledView returns a view whose informer has the definitions.
func settledView(t *testing.T, crds ...*apiextensionsv1.CustomResourceDefinition) (*view, *stored) {
	t.Helper()
	d, s := store(t, crds...)
	for _, crd := range s.crds {
		summary, err := summarize(objects.Shared(d.objects, resource))(crd)
		testutil.Check(t, err)
		testutil.Check(t, d.informer.GetIndexer().Add(summary))
	}
	s.reads = 0
	return newView(d, true), s
}

func withSchema(crd *apiextensionsv1.CustomResourceDefinition) {
	crd.ResourceVersion = "5"
	crd.Spec.Versions[0].Schema = &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object"}}
}

// TestSettledView checks that the handler is told that a definition became Established
// long ago, and that what is in the cache is unchanged.
func TestSettledView(t *testing.T) {
	for _, c := range []conditions{{"NamesAccepted", "Established"}, {"NamesAccepted", "not Established"}, {"NamesAccepted"}, nil} {
		crd := define("things.example.com", c)
		v, _ := settledView(t, crd)
		got, err := v.Lister().Get(crd.Name)
		testutil.Check(t, err)
		i := slices.IndexFunc(got.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established
		})
		if i < 0 || time.Since(got.Status.Conditions[i].LastTransitionTime.Time) < time.Hour {
			t.Errorf("%v: the conditions are %v", c, got.Status.Conditions)
		}
		cached, err := listers.NewCustomResourceDefinitionLister(v.informer.GetIndexer()).Get(crd.Name)
		testutil.Check(t, err)
		if len(cached.Status.Conditions) != len(c) || slices.ContainsFunc(cached.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return time.Since(c.LastTransitionTime.Time) > time.Hour
		}) {
			t.Errorf("%v: the cached definition was changed to %v", c, cached.Status.Conditions)
		}
	}
}

// TestViewReadsSchemasOnce checks that a definition is read from the storage only when
// the handler builds something of it.
func TestViewReadsSchemasOnce(t *testing.T) {
	crd := define("things.example.com", conditions{"NamesAccepted", "Established"}, withSchema)
	v, s := settledView(t, crd)
	summary, err := v.Lister().Get(crd.Name)
	testutil.Check(t, err)
	if s.reads != 0 || summary.Spec.Versions[0].Schema != nil || summary.Status.AcceptedNames.Plural != "" {
		t.Errorf("a request reads the definition %d times, and sees %v", s.reads, summary)
	}
	full, err := v.Lister().Get(summary.Name)
	testutil.Check(t, err)
	if s.reads != 1 || full.Name != crd.Name || full.Spec.Versions[0].Schema == nil || full.Status.AcceptedNames.Plural != "things" {
		t.Errorf("what is built reads the definition %d times, and sees %v", s.reads, full)
	}
	for _, name := range []string{"none.example.com", "none.example.com" + fullMark} {
		if _, err := v.Lister().Get(name); !apierrors.IsNotFound(err) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// told records for which definitions a handler is told to drop what it has built.
type told []types.UID

// OnAdd implements cache.ResourceEventHandler.
func (t *told) OnAdd(obj any, _ bool) {
	*t = append(*t, obj.(*apiextensionsv1.CustomResourceDefinition).UID)
}

// OnUpdate implements cache.ResourceEventHandler.
func (t *told) OnUpdate(old, obj any) {
	*t = append(*t, old.(*apiextensionsv1.CustomResourceDefinition).UID)
}

// OnDelete implements cache.ResourceEventHandler.
func (t *told) OnDelete(obj any) {
	if crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition); ok {
		*t = append(*t, crd.UID)
	}
}

// TestViewInvalidates checks which changes make the handler drop what it has built.
func TestViewInvalidates(t *testing.T) {
	change := func(version int, f func(*apiextensionsv1.CustomResourceDefinition)) *apiextensionsv1.CustomResourceDefinition {
		crd := define("things.example.com", conditions{"NamesAccepted"}, withSchema)
		crd.ResourceVersion = strconv.Itoa(version)
		f(crd)
		return crd
	}
	nothing := func(*apiextensionsv1.CustomResourceDefinition) {}
	generation := func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Generation++ }
	for _, tt := range []struct {
		name  string
		built bool
		event func(*view)
		tells bool
	}{
		{"a change of the status", true, func(v *view) { v.OnUpdate(change(5, nothing), change(6, nothing)) }, false},
		{"a change of the spec", true, func(v *view) { v.OnUpdate(change(5, nothing), change(6, generation)) }, true},
		{"a change of the spec of what is not built", false, func(v *view) { v.OnUpdate(change(5, nothing), change(6, generation)) }, false},
		{"a change from before it was built", true, func(v *view) { v.OnUpdate(change(3, nothing), change(4, generation)) }, false},
		{"other accepted names", true, func(v *view) {
			v.OnUpdate(change(5, nothing), change(6, func(crd *apiextensionsv1.CustomResourceDefinition) { crd.Status.AcceptedNames.Kind = "Other" }))
		}, true},
		{"the definition that was built", true, func(v *view) { v.OnAdd(change(5, nothing), false) }, false},
		{"a later one", true, func(v *view) { v.OnAdd(change(6, generation), false) }, true},
		{"another one of the same name", true, func(v *view) {
			v.OnUpdate(change(5, nothing), change(6, func(crd *apiextensionsv1.CustomResourceDefinition) { crd.UID = "2" }))
		}, true},
		{"a deletion", true, func(v *view) { v.OnDelete(change(6, nothing)) }, true},
		{"a deletion of what is not built", false, func(v *view) { v.OnDelete(change(6, nothing)) }, true},
		{"disuse", true, func(v *view) { v.release("1") }, true},
		{"disuse of what is not built", false, func(v *view) { v.release("1") }, false},
	} {
		var tells told
		v, _ := settledView(t, define("things.example.com", conditions{"NamesAccepted"}, withSchema))
		v.handler = &tells
		if tt.built {
			_, err := v.build("things.example.com")
			testutil.Check(t, err)
		}
		tt.event(v)
		if tt.tells != slices.Equal(tells, told{"1"}) || !tt.tells && len(tells) > 0 {
			t.Errorf("%s: the handler is told of %q", tt.name, tells)
		}
	}
}

// askedFor records by which name the instances of a definition are asked for.
type askedFor struct{ name string }

// GetCustomResourceListerCollectionDeleter implements finalizer.CRClientGetter.
func (c *askedFor) GetCustomResourceListerCollectionDeleter(crd *apiextensionsv1.CustomResourceDefinition) (finalizer.ListerCollectionDeleter, error) {
	c.name = crd.Name
	return nil, nil
}

// TestInstances checks that what deletes the instances is built of a whole definition.
func TestInstances(t *testing.T) {
	c, crd := &askedFor{}, define("things.example.com", nil)
	_, err := instances{c}.GetCustomResourceListerCollectionDeleter(crd)
	testutil.Check(t, err)
	if c.name != "things.example.com"+fullMark || crd.Name != "things.example.com" {
		t.Errorf("the handler is asked for %q", c.name)
	}
}
