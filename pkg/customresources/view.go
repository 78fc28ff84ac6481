package customresources

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/finalizer"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/tools/cache"
)

// view is the definitions as the handler of the library sees them. The handler looks
// up a definition for each request, and once more, by the name of what it has found,
// when it has to build what serves the resource. The view answers the first question
// with a summary whose name is marked, and the marked name with the whole definition.
//
// It implements informers.CustomResourceDefinitionInformer.
type view struct {
	*definitions
	// settled shows definitions as if they had become Established long ago. Otherwise the
	// handler would delay the first create of a custom resource by up to two seconds, so
	// that other API servers can observe the definition.
	settled bool

	// handler is told about changes. It is set by the handler itself, before requests
	// are served.
	handler cache.ResourceEventHandler

	mu sync.Mutex
	// built contains, for each resource that the handler has built, the definition of
	// which it was built, without its schemas.
	built map[types.UID]*apiextensionsv1.CustomResourceDefinition
}

func newView(d *definitions, settled bool) *view {
	return &view{definitions: d, settled: settled, built: map[types.UID]*apiextensionsv1.CustomResourceDefinition{}}
}

// fullMark is the end of the name for which the whole definition is returned. No
// definition has such a name.
const fullMark = "\x00full"

// Lister implements informers.CustomResourceDefinitionInformer.
func (v *view) Lister() listers.CustomResourceDefinitionLister {
	return viewLister{v.definitions.Lister(), v}
}

type viewLister struct {
	listers.CustomResourceDefinitionLister
	view *view
}

// Get implements listers.CustomResourceDefinitionLister. It returns a shallow
// copy, which must not be modified because it shares memory with the cache.
func (l viewLister) Get(name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	if name, full := strings.CutSuffix(name, fullMark); full {
		return l.view.build(name)
	}
	crd, err := l.CustomResourceDefinitionLister.Get(name)
	if err != nil {
		return nil, err
	}
	marked := *crd
	marked.Name += fullMark
	// The handler builds nothing without accepted names.
	marked.Status.AcceptedNames = apiextensionsv1.CustomResourceDefinitionNames{}
	if l.view.settled {
		marked.Status.Conditions = settle(crd.Status.Conditions)
	}
	return &marked, nil
}

// build returns the definition of which the handler is about to build what serves the
// resource.
func (v *view) build(name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	crd, err := v.full(context.Background(), name)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.built[crd.UID] = &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: crd.Name, Generation: crd.Generation, ResourceVersion: crd.ResourceVersion},
		Status:     apiextensionsv1.CustomResourceDefinitionStatus{AcceptedNames: crd.Status.AcceptedNames},
	}
	return crd, nil
}

// settle returns the conditions of a definition that became Established long ago.
func settle(conditions []apiextensionsv1.CustomResourceDefinitionCondition) []apiextensionsv1.CustomResourceDefinitionCondition {
	conditions = slices.Clone(conditions)
	for i := range conditions {
		if condition := &conditions[i]; condition.Type == apiextensionsv1.Established {
			condition.LastTransitionTime = longAgo
			return conditions
		}
	}
	// The handler panics if the condition is missing, but a client can write a
	// status without it.
	return append(conditions, apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionUnknown, LastTransitionTime: longAgo})
}

var longAgo = metav1.NewTime(time.Unix(0, 0))

// Informer implements informers.CustomResourceDefinitionInformer.
func (v *view) Informer() cache.SharedIndexInformer { return viewInformer{v.definitions.Informer(), v} }

// viewInformer tells the handler only about changes that concern what it has built. The
// handler itself would find that a summary differs from the definition.
type viewInformer struct {
	cache.SharedIndexInformer
	view *view
}

// AddEventHandler implements cache.SharedInformer.
func (i viewInformer) AddEventHandler(handler cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	i.view.handler = handler
	return i.SharedIndexInformer.AddEventHandler(i.view)
}

// OnAdd implements cache.ResourceEventHandler.
func (v *view) OnAdd(obj any, _ bool) {
	if crd := obj.(*apiextensionsv1.CustomResourceDefinition); v.outdated(crd) {
		v.release(crd.UID)
	}
}

// OnUpdate implements cache.ResourceEventHandler.
func (v *view) OnUpdate(old, obj any) {
	if before := old.(*apiextensionsv1.CustomResourceDefinition); before.UID != obj.(*apiextensionsv1.CustomResourceDefinition).UID {
		v.release(before.UID)
	}
	v.OnAdd(obj, false)
}

// OnDelete implements cache.ResourceEventHandler.
func (v *view) OnDelete(obj any) {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	if crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition); ok {
		v.forget(crd.UID)
	}
	v.handler.OnDelete(obj)
}

// outdated reports whether what was built of a definition does not correspond to it any
// more.
func (v *view) outdated(crd *apiextensionsv1.CustomResourceDefinition) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	built := v.built[crd.UID]
	if built == nil {
		return false
	}
	if order, err := resourceversion.CompareResourceVersion(crd.ResourceVersion, built.ResourceVersion); err == nil && order <= 0 {
		return false // an event from before it was built
	}
	return built.Generation != crd.Generation || !apiequality.Semantic.DeepEqual(built.Status.AcceptedNames, crd.Status.AcceptedNames)
}

// forget reports whether something was built of the definition with the UID.
func (v *view) forget(uid types.UID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, built := v.built[uid]
	delete(v.built, uid)
	return built
}

// release lets the handler drop what it has built of a definition. The next request
// builds it again.
func (v *view) release(uid types.UID) {
	if !v.forget(uid) {
		return
	}
	// The handler drops what differs from the definition in its spec, as everything differs
	// from an empty one.
	other := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{UID: uid}}
	v.handler.OnUpdate(other, other)
}

// instances gives the controller that deletes the instances of a deleted definition
// access to them. The controller has summaries.
type instances struct {
	finalizer.CRClientGetter
}

// GetCustomResourceListerCollectionDeleter implements finalizer.CRClientGetter.
func (i instances) GetCustomResourceListerCollectionDeleter(crd *apiextensionsv1.CustomResourceDefinition) (finalizer.ListerCollectionDeleter, error) {
	marked := *crd
	marked.Name += fullMark
	return i.CRClientGetter.GetCustomResourceListerCollectionDeleter(&marked)
}
