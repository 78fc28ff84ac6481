package registry

import (
	"context"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// sample is a resource with something in every field that is tested here.
func sample() *Resource[*corev1.ConfigMap] {
	return &Resource[*corev1.ConfigMap]{
		GVR:        corev1.SchemeGroupVersion.WithResource("configmaps"),
		Singular:   "configmap",
		ShortNames: []string{"cm"},
		New:        func() *corev1.ConfigMap { return &corev1.ConfigMap{} },
		NewList:    func() runtime.Object { return &corev1.ConfigMapList{} },
		Hooks: Hooks[*corev1.ConfigMap]{
			Validate: func(_ context.Context, c *corev1.ConfigMap) field.ErrorList {
				if len(c.Data) == 0 {
					return field.ErrorList{field.Required(field.NewPath("data"), "")}
				}
				return nil
			},
			WarningsOnCreate: func(context.Context, *corev1.ConfigMap) []string { return []string{"created"} },
			WarningsOnUpdate: func(context.Context, *corev1.ConfigMap, *corev1.ConfigMap) []string { return []string{"updated"} },
		},
		Facets: map[string]Facet[*corev1.ConfigMap]{"status": {Hooks: Hooks[*corev1.ConfigMap]{Resets: []string{"data"}}}},
		Fields: []Field[*corev1.ConfigMap]{{Name: "data.color", Value: func(c *corev1.ConfigMap) string { return c.Data["color"] }, Trigger: true, Index: true}},
		Columns: []Column[*corev1.ConfigMap]{
			NameColumn[*corev1.ConfigMap](),
			{Name: "Data", Type: "integer", Cell: func(c *corev1.ConfigMap) any { return int64(len(c.Data)) }},
		},
		RowConditions: func(c *corev1.ConfigMap) []metav1.TableRowCondition {
			if c.Immutable == nil {
				return nil
			}
			return []metav1.TableRowCondition{{Type: metav1.RowCompleted, Status: metav1.ConditionTrue}}
		},
	}
}

func configMap(name, color string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", ResourceVersion: "7", Labels: map[string]string{"l": "v"}},
		Data: map[string]string{"color": color}}
}

// memory is storage that is made but never asked.
func memory(t *testing.T) Deps {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	config := storagebackend.NewDefaultConfig("/registry", nil).ForResource(corev1.Resource("configmaps"))
	return Deps{Scheme: scheme,
		RESTOptions: generic.RESTOptions{StorageConfig: config, ResourcePrefix: "configmaps", Decorator: noStorage, DeleteCollectionWorkers: 1}}
}

func noStorage(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object, func() runtime.Object,
	apistorage.AttrFunc, apistorage.IndexerFuncs, *cache.Indexers) (apistorage.Interface, factory.DestroyFunc, error) {
	return nil, func() {}, nil
}

func TestStorage(t *testing.T) {
	r := sample()
	r.Subresources = func(main *REST, _ Deps) map[string]rest.Storage {
		return map[string]rest.Storage{"other": &facetREST{facetUpdater{store: main.Store}}}
	}
	storage, err := r.Storage(memory(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range storage {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"configmaps", "configmaps/other", "configmaps/status"}; !slices.Equal(names, want) {
		t.Errorf("storage %v, want %v", names, want)
	}
	main := storage["configmaps"].(*REST)
	if !slices.Equal(main.ShortNames(), []string{"cm"}) || main.GetSingularName() != "configmap" {
		t.Errorf("names: %v, %s", main.ShortNames(), main.GetSingularName())
	}
	if len(main.GetResetFields()) != 0 {
		t.Error("a resource without parts resets fields")
	}
}

// TestGracefulDeletionIsOptIn: the library finds graceful deletion by a type
// assertion, so a resource without it must not have the method.
func TestGracefulDeletionIsOptIn(t *testing.T) {
	r := sample()
	deletion := func() rest.RESTDeleteStrategy {
		storage, err := r.Storage(memory(t))
		if err != nil {
			t.Fatal(err)
		}
		return storage["configmaps"].(*REST).DeleteStrategy
	}
	if _, graceful := deletion().(rest.RESTGracefulDeleteStrategy); graceful {
		t.Error("a resource without GracefulDelete is deleted gracefully")
	}
	r.GracefulDelete = func(context.Context, *corev1.ConfigMap, *metav1.DeleteOptions) bool { return true }
	strategy, graceful := deletion().(rest.RESTGracefulDeleteStrategy)
	if !graceful || !strategy.CheckGracefulDelete(t.Context(), configMap("a", ""), nil) {
		t.Error("GracefulDelete is not called")
	}
}

func TestStrategyCallsItsHooks(t *testing.T) {
	deps := memory(t)
	r := sample()
	s := r.strategy(deps.Scheme, r.facet(""))
	ctx := genericapirequest.WithRequestInfo(t.Context(), &genericapirequest.RequestInfo{APIVersion: "v1", Resource: "configmaps"})
	good, bad := configMap("a", "red"), &corev1.ConfigMap{}
	if errs := s.Validate(ctx, bad); len(errs) != 1 || errs[0].Field != "data" {
		t.Errorf("errors: %v", errs)
	}
	if errs := s.Validate(ctx, good); len(errs) > 0 {
		t.Errorf("errors of a valid object: %v", errs)
	}
	if errs := s.ValidateUpdate(ctx, bad, good); len(errs) > 0 {
		t.Errorf("a hook that is nil has errors: %v", errs)
	}
	if created, updated := s.WarningsOnCreate(ctx, good), s.WarningsOnUpdate(ctx, good, good); !slices.Equal(created, []string{"created"}) ||
		!slices.Equal(updated, []string{"updated"}) {
		t.Errorf("warnings: %v on create, %v on update", created, updated)
	}
}

func TestFields(t *testing.T) {
	r := sample()
	if got, want := r.FieldLabels(""), []string{"metadata.name", "metadata.namespace", "data.color"}; !slices.Equal(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
	p := r.predicate(labels.SelectorFromSet(labels.Set{"l": "v"}), fields.OneTermEqualSelector("data.color", "red"))
	for color, want := range map[string]bool{"red": true, "blue": false} {
		if got, err := p.Matches(configMap("a", color)); err != nil || got != want {
			t.Errorf("%s matches: %v, %v", color, got, err)
		}
	}
	triggers, indexers := r.triggers()
	if triggers["data.color"](configMap("a", "red")) != "red" || indexers == nil || len(*indexers) != 1 {
		t.Errorf("triggers %v, indexers %v", triggers, indexers)
	}
	r.Fields = nil
	if got := r.FieldLabels(""); got != nil {
		t.Errorf("a resource without fields has the labels %v in place of the library's defaults", got)
	}
}

func TestTable(t *testing.T) {
	r := sample()
	table := NewTable(r.Columns, r.RowConditions)
	immutable := configMap("b", "blue")
	immutable.Immutable = new(bool)
	list := &corev1.ConfigMapList{ListMeta: metav1.ListMeta{ResourceVersion: "9", Continue: "c"}, Items: []corev1.ConfigMap{*configMap("a", "red"), *immutable}}
	got, err := table.ConvertToTable(t.Context(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.ColumnDefinitions) != 2 || got.ColumnDefinitions[0].Format != "name" || got.ColumnDefinitions[0].Description == "" ||
		got.ColumnDefinitions[1].Type != "integer" {
		t.Errorf("columns: %+v", got.ColumnDefinitions)
	}
	if len(got.Rows) != 2 || got.Rows[1].Cells[0] != "b" || got.Rows[0].Cells[1] != int64(1) || got.ResourceVersion != "9" || got.Continue != "c" {
		t.Errorf("table: %+v", got)
	}
	if len(got.Rows[0].Conditions) != 0 || len(got.Rows[1].Conditions) != 1 {
		t.Errorf("row conditions: %v, %v", got.Rows[0].Conditions, got.Rows[1].Conditions)
	}
	got, err = table.ConvertToTable(t.Context(), configMap("a", "red"), &metav1.TableOptions{NoHeaders: true})
	if err != nil || len(got.ColumnDefinitions) != 0 || len(got.Rows) != 1 || got.ResourceVersion != "7" {
		t.Errorf("table of one object without headers: %+v, %v", got, err)
	}
}
