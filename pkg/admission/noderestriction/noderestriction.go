// Package noderestriction implements the admission plugin NodeRestriction. It
// restricts what a kubelet may write to what belongs to its node. The authorizer
// pkg/authorization/node decides what a kubelet may read, and together they keep
// whoever takes over one node from the others.
//
// The plugin looks at no request of others than kubelets, and reads what it has to
// know about pods and nodes when a kubelet asks for something: it keeps no copies.
package noderestriction

import (
	"context"
	"io"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/node"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "NodeRestriction", Off: true, New: func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	// Mutating is here for the order: as in kube-apiserver, the plugin refuses a
	// request before webhooks see it. It changes no object.
	*admission.Mutating
	cluster    cluster
	authorizer authorizer.Authorizer
}

var (
	_ initializer.WantsExternalKubeClientSet = (*plugin)(nil)
	_ initializer.WantsAuthorizer            = (*plugin)(nil)
)

func newPlugin() *plugin {
	p := &plugin{}
	p.Mutating = admission.Mutate(
		admission.OnAll(checkAll, admission.Create, admission.Update, admission.Delete),
		on(corev1.Resource("nodes"), hooks[*corev1.Node]{create: createNode, update: updateNode, delete: deleteNode}),
		on(corev1.Resource("nodes/status"), hooks[*corev1.Node]{update: updateNode}),
		on(corev1.Resource("pods"), hooks[*corev1.Pod]{create: p.createPod, update: updatePod, delete: deletePod}),
		on(corev1.Resource("pods/status"), hooks[*corev1.Pod]{update: updatePodStatus}),
		on(corev1.Resource("pods/eviction"), hooks[*policyv1.Eviction]{create: p.evictPod}),
		on(corev1.Resource("serviceaccounts/token"), hooks[*authenticationv1.TokenRequest]{create: p.createToken}),
		on(corev1.Resource("persistentvolumeclaims"), claims),
		on(corev1.Resource("persistentvolumeclaims/status"), hooks[*corev1.PersistentVolumeClaim]{update: updateClaimStatus}),
		on(coordinationv1.Resource("leases"), whole[*coordinationv1.Lease](checkLease)),
		on(storagev1.Resource("csinodes"), whole[*storagev1.CSINode](checkCSINode)),
		on(resourcev1.Resource("resourceslices"), hooks[*resourcev1.ResourceSlice]{create: createSlice, delete: deleteSlice}),
		on(certificatesv1.Resource("certificatesigningrequests"), hooks[*certificatesv1.CertificateSigningRequest]{create: createSigningRequest}),
		on(certificatesv1.Resource("podcertificaterequests"), podCertificates(p)),
		on(certificatesv1.Resource("podcertificaterequests/status"), podCertificates(p)),
	)
	return p
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) { p.cluster.client = client }

// SetAuthorizer implements initializer.WantsAuthorizer.
func (p *plugin) SetAuthorizer(a authorizer.Authorizer) { p.authorizer = a }

// request is a request of a kubelet.
type request struct {
	admission.Attributes
	// node is the name of the kubelet's node, which is not empty.
	node string
}

// refuse returns an error that answers the request with 403 and a reason.
func (r request) refuse(format string, args ...any) error {
	return admission.Forbidden(r.Attributes, format, args...)
}

// hooks are admission.Hooks for requests of kubelets.
type hooks[T runtime.Object] struct {
	create func(ctx context.Context, r request, obj T) error
	update func(ctx context.Context, r request, obj, old T) error
	delete func(ctx context.Context, r request, old T) error
}

// on returns a rule for the requests of kubelets, and none for others.
func on[T runtime.Object](resource schema.GroupResource, h hooks[T]) admission.Rule {
	ofKubelet := func(call func(context.Context, request, T) error) func(context.Context, admission.Attributes, T) error {
		if call == nil {
			return nil
		}
		return func(ctx context.Context, a admission.Attributes, obj T) error {
			name, isNode := node.Identify(a.GetUserInfo())
			if !isNode {
				return nil
			}
			return call(ctx, request{a, name}, obj)
		}
	}
	all := admission.Hooks[T]{Create: ofKubelet(h.create), Delete: ofKubelet(h.delete)}
	if h.update != nil {
		all.Update = func(ctx context.Context, a admission.Attributes, obj, old T) error {
			call := func(ctx context.Context, r request, obj T) error { return h.update(ctx, r, obj, old) }
			return ofKubelet(call)(ctx, a, obj)
		}
	}
	return admission.On(resource, all)
}

// whole returns hooks that treat all operations alike.
func whole[T runtime.Object](check func(r request, obj T) error) hooks[T] {
	call := func(_ context.Context, r request, obj T) error { return check(r, obj) }
	return hooks[T]{create: call, delete: call, update: func(_ context.Context, r request, obj, _ T) error { return check(r, obj) }}
}

// checkAll refuses requests of a kubelet without a name, to all resources, and
// those to subresources of pods that no kubelet needs.
func checkAll(_ context.Context, a admission.Attributes) error {
	name, isNode := node.Identify(a.GetUserInfo())
	if !isNode {
		return nil
	}
	if name == "" {
		return admission.Forbidden(a, "could not determine node from user %q", a.GetUserInfo().GetName())
	}
	if a.GetResource().GroupResource() != corev1.Resource("pods") {
		return nil
	}
	switch a.GetSubresource() {
	case "", "status", "eviction":
		return nil
	}
	return admission.Forbidden(a, "unexpected pod subresource %q, only 'status' and 'eviction' are allowed", a.GetSubresource())
}
