package customresources

import (
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	informers "k8s.io/apiextensions-apiserver/pkg/client/informers/externalversions/apiextensions/v1"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// settledInformer shows definitions as if they had become Established long ago.
// Otherwise the handler of the library would delay the first create of a custom
// resource by up to two seconds, so that other API servers can observe the
// definition.
type settledInformer struct {
	informers.CustomResourceDefinitionInformer
}

// Lister implements informers.CustomResourceDefinitionInformer.
func (i settledInformer) Lister() listers.CustomResourceDefinitionLister {
	return settledLister{i.CustomResourceDefinitionInformer.Lister()}
}

type settledLister struct {
	listers.CustomResourceDefinitionLister
}

// Get implements listers.CustomResourceDefinitionLister. It returns a shallow
// copy, which must not be modified because it shares memory with the cache.
func (l settledLister) Get(name string) (*apiextensionsv1.CustomResourceDefinition, error) {
	crd, err := l.CustomResourceDefinitionLister.Get(name)
	if err != nil {
		return nil, err
	}
	settled := *crd
	settled.Status.Conditions = slices.Clone(crd.Status.Conditions)
	for i := range settled.Status.Conditions {
		if condition := &settled.Status.Conditions[i]; condition.Type == apiextensionsv1.Established {
			condition.LastTransitionTime = longAgo
			return &settled, nil
		}
	}
	// The handler panics if the condition is missing, but a client can write a
	// status without it.
	settled.Status.Conditions = append(settled.Status.Conditions, apiextensionsv1.CustomResourceDefinitionCondition{
		Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionUnknown, LastTransitionTime: longAgo})
	return &settled, nil
}

var longAgo = metav1.NewTime(time.Unix(0, 0))
