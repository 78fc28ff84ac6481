package node

import (
	"context"
	"fmt"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// guard decides about the requests of a node for one resource. If known is
// true, refusal is the reason why the request is not allowed, or empty if it is
// allowed. If known is false, the rules of the role decide.
type guard func(ctx context.Context, node string, attrs authorizer.Attributes) (refusal string, known bool)

// guards returns the guards by resource.
func (a *Authorizer) guards() map[schema.GroupResource]guard {
	guards := map[schema.GroupResource]guard{
		corev1.Resource("secrets"):                a.readNamespaced(secret),
		corev1.Resource("configmaps"):             a.readNamespaced(configMap),
		corev1.Resource("persistentvolumeclaims"): a.claim,
		corev1.Resource("persistentvolumes"):      a.get(volume),
		corev1.Resource("serviceaccounts"):        a.account,
		corev1.Resource("pods"):                   a.pod,
		corev1.Resource("nodes"):                  ownNode,
		storagev1.Resource("volumeattachments"):   a.get(volumeAttachment),
		storagev1.Resource("csinodes"):            csiNode,
		resourcev1.Resource("resourceclaims"):     a.get(resourceClaim),
		resourcev1.Resource("resourceslices"):     a.slice,
		coordinationv1.Resource("leases"):         lease,
	}
	// The role contains no rules for resources that are disabled by default, so
	// their guards decide alone.
	const bundles, requests = "clustertrustbundles", "podcertificaterequests"
	for _, version := range []schema.GroupVersion{certificatesv1.SchemeGroupVersion, certificatesv1beta1.SchemeGroupVersion} {
		if a.feed.served(version.WithResource(bundles)) {
			guards[certificatesv1.Resource(bundles)] = readAll
		}
		if a.feed.served(version.WithResource(requests)) {
			guards[certificatesv1.Resource(requests)] = a.certificateRequest
		}
	}
	return guards
}

// Sets of verbs.
var (
	readVerbs  = []string{"get", "list", "watch"}
	ownVerbs   = []string{"get", "create", "update", "patch", "delete"}
	sliceVerbs = []string{"get", "update", "patch", "delete"}
)

// related refuses objects that are not related to a pod of the node.
func (a *Authorizer) related(ctx context.Context, node string, k kind, attrs authorizer.Attributes) (string, bool) {
	if attrs.GetName() == "" {
		return "No Object name found", true
	}
	if !a.reads(ctx, node, object{k, attrs.GetNamespace(), attrs.GetName()}) {
		return fmt.Sprintf("no relationship found between node '%s' and this object", node), true
	}
	return "", true
}

// readNamespaced allows a node to get, list and watch individual objects.
func (a *Authorizer) readNamespaced(k kind) guard {
	return func(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
		switch {
		case !slices.Contains(readVerbs, attrs.GetVerb()):
			return "can only read resources of this type", true
		case attrs.GetSubresource() != "":
			return "cannot read subresource", true
		case attrs.GetNamespace() == "":
			return "can only read namespaced object of this type", true
		}
		return a.related(ctx, node, k, attrs)
	}
}

// get allows a node to get individual objects.
func (a *Authorizer) get(k kind) guard {
	return func(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
		switch {
		case attrs.GetVerb() != "get":
			return "can only get individual resources of this type", true
		case attrs.GetSubresource() != "":
			return "cannot get subresource", true
		}
		return a.related(ctx, node, k, attrs)
	}
}

// claim allows a node to get claims and to update their status, which it does
// after resizing a volume.
func (a *Authorizer) claim(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	if attrs.GetSubresource() != "status" {
		return a.get(volumeClaim)(ctx, node, attrs)
	}
	if !slices.Contains([]string{"get", "update", "patch"}, attrs.GetVerb()) {
		return "can only get, update or patch the status", true
	}
	return a.related(ctx, node, volumeClaim, attrs)
}

// account allows a node to get the service accounts of its pods and to create
// tokens for them.
func (a *Authorizer) account(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	if attrs.GetSubresource() != "token" {
		return a.get(serviceAccount)(ctx, node, attrs)
	}
	if attrs.GetVerb() != "create" || attrs.GetName() == "" {
		return "can only create tokens for individual service accounts", true
	}
	return a.related(ctx, node, serviceAccount, attrs)
}

// pod allows a node to read its own pods. The role decides about writes.
func (a *Authorizer) pod(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	if attrs.GetSubresource() != "" {
		return "", false
	}
	switch attrs.GetVerb() {
	case "get":
		return a.related(ctx, node, pod, attrs)
	case "list", "watch":
		if !selects(attrs, node) {
			return "can only list/watch pods with spec.nodeName field selector", true
		}
		return "", true
	}
	return "", false
}

// selects reports whether a request is restricted to the objects of one node.
// One matching requirement of the field selector is enough, because the others
// only restrict the request further.
func selects(attrs authorizer.Attributes, node string) bool {
	requirements, _ := attrs.GetFieldSelector() // empty if the selector is invalid
	for _, r := range requirements {
		switch r.Operator {
		case selection.Equals, selection.DoubleEquals, selection.In:
			if r.Field == "spec.nodeName" && r.Value == node {
				return true
			}
		}
	}
	return false
}

// ownNode allows a node to read its own Node object. The role decides about
// writes.
func ownNode(_ context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	switch {
	case attrs.GetSubresource() != "" || !slices.Contains(readVerbs, attrs.GetVerb()):
		return "", false
	case attrs.GetName() == "":
		return fmt.Sprintf("node '%s' cannot read all nodes, only its own Node object", node), true
	case attrs.GetName() != node:
		return fmt.Sprintf("node '%s' cannot read '%s', only its own Node object", node, attrs.GetName()), true
	}
	return "", true
}

// csiNode allows a node to read and write its own CSINode.
func csiNode(_ context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	switch {
	case attrs.GetSubresource() != "":
		return "cannot authorize CSINode subresources", true
	case !slices.Contains(ownVerbs, attrs.GetVerb()):
		return "can only get, create, update, patch, or delete a CSINode", true
	case !named(node, attrs):
		return "can only access CSINode with the same name as the requesting node", true
	}
	return "", true
}

// lease allows a node to read and write its own lease.
func lease(_ context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	switch {
	case attrs.GetSubresource() != "" || !slices.Contains(ownVerbs, attrs.GetVerb()):
		return "can only get, create, update, patch, or delete a node lease", true
	case attrs.GetNamespace() != corev1.NamespaceNodeLease:
		return fmt.Sprintf("can only access leases in the %q system namespace", corev1.NamespaceNodeLease), true
	case !named(node, attrs):
		return "can only access node lease with the same name as the requesting node", true
	}
	return "", true
}

// named reports whether a request is for the object that has the node's name. A
// create request has the name only in its body, which the admission plugin
// NodeRestriction checks.
func named(node string, attrs authorizer.Attributes) bool {
	return attrs.GetName() == node || attrs.GetVerb() == "create" && attrs.GetName() == ""
}

// slice allows a node to read and delete its own resource slices. DRA drivers,
// which create them, use accounts of their own.
func (a *Authorizer) slice(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	switch verb := attrs.GetVerb(); {
	case attrs.GetSubresource() != "":
		return "cannot authorize ResourceSlice subresources", true
	case slices.Contains(sliceVerbs, verb):
		return a.related(ctx, node, resourceSlice, attrs)
	case !slices.Contains([]string{"list", "watch", "deletecollection"}, verb):
		return "can only get, list, watch, update, patch or delete a ResourceSlice", true
	case !selects(attrs, node):
		return "can only list/watch/deletecollection resourceslices with spec.nodeName field selector", true
	}
	return "", true
}

// certificateRequest allows a node to request certificates for its pods. The
// admission plugin NodeRestriction checks for which pod a new request is.
func (a *Authorizer) certificateRequest(ctx context.Context, node string, attrs authorizer.Attributes) (string, bool) {
	switch verb := attrs.GetVerb(); {
	case attrs.GetSubresource() != "":
		return "cannot authorize PodCertificateRequest subresources", true
	case verb == "create":
		return "", true
	case verb == "get":
		return a.related(ctx, node, certificateRequest, attrs)
	case verb != "list" && verb != "watch":
		return "can only create, get, list or watch a PodCertificateRequest", true
	case !selects(attrs, node):
		return "can only list/watch podcertificaterequests with spec.nodeName field selector", true
	}
	return "", true
}

// readAll allows a node to read all objects of a resource: trust bundles are
// public.
func readAll(_ context.Context, _ string, attrs authorizer.Attributes) (string, bool) {
	return "", attrs.GetSubresource() == "" && slices.Contains(readVerbs, attrs.GetVerb())
}
