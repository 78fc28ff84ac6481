package serviceaccount

import (
	"context"
	"fmt"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// binder finds the object to which a token of the account is to be bound.
type binder struct {
	objects *objects.Access
	account *corev1.ServiceAccount
}

func (b binder) bind(ctx context.Context, ref *authenticationv1.BoundObjectReference) (to serviceaccount.Binding, err error) {
	if ref == nil {
		return to, nil
	}
	kind := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind)
	var bound metav1.Object
	switch kind.GroupKind() {
	case schema.GroupKind{Kind: "Pod"}:
		to, err = b.pod(ctx, ref.Name)
		bound = to.Pod
	case schema.GroupKind{Kind: "Secret"}:
		to.Secret, err = objects.GetLive[*corev1.Secret](ctx, b.objects, corev1.Resource("secrets"), b.account.Namespace, ref.Name)
		bound = to.Secret
	case schema.GroupKind{Kind: "Node"}:
		to.Node, err = b.node(ctx, ref.Name)
		bound = to.Node
	default:
		err = apierrors.NewBadRequest(fmt.Sprintf("cannot bind token to object of type %s", kind))
	}
	if err != nil {
		return serviceaccount.Binding{}, err
	}
	if ref.UID != "" && ref.UID != bound.GetUID() {
		return serviceaccount.Binding{}, apierrors.NewConflict(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, ref.Name, fmt.Errorf(
			"the UID in the bound object reference (%s) does not match the UID in record. The object might have been deleted and then recreated", ref.UID))
	}
	return to, nil
}

// pod binds the token to a pod that runs as the account, and to the node of the
// pod. If the node does not exist, the binding contains only its name.
func (b binder) pod(ctx context.Context, name string) (to serviceaccount.Binding, err error) {
	to.Pod, err = objects.GetLive[*corev1.Pod](ctx, b.objects, corev1.Resource("pods"), b.account.Namespace, name)
	if err != nil {
		return to, err
	}
	if to.Pod.Spec.ServiceAccountName != b.account.Name {
		return to, apierrors.NewBadRequest(fmt.Sprintf("cannot bind token for serviceaccount %q to pod running with different serviceaccount name.", b.account.Name))
	}
	node := to.Pod.Spec.NodeName
	if node == "" {
		return to, nil
	}
	to.Node, err = b.node(ctx, node)
	if apierrors.IsNotFound(err) {
		to.Node, err = &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: node}}, nil
	}
	return to, err
}

func (b binder) node(ctx context.Context, name string) (*corev1.Node, error) {
	return objects.GetLive[*corev1.Node](ctx, b.objects, corev1.Resource("nodes"), "", name)
}
