package noderestriction

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
)

const notAllowed = "node %q is not allowed to "

func createNode(_ context.Context, r request, n *corev1.Node) error {
	if err := checkNode(r, n.Name); err != nil {
		return err
	}
	if n.Spec.ConfigSource != nil {
		return r.refuse(notAllowed+"create pods with a non-nil configSource", r.node)
	}
	if labels := foreignLabels(n.Labels, nil); len(labels) > 0 {
		return r.refuse(notAllowed+"set the following labels: %s", r.node, strings.Join(labels, ", "))
	}
	return nil
}

// updateNode allows a kubelet what it reports about its node. Taints and owners
// are not among it: with them it could take pods or its own deletion into its hands.
func updateNode(_ context.Context, r request, n, old *corev1.Node) error {
	if err := checkNode(r, r.GetName()); err != nil {
		return err
	}
	source := n.Spec.ConfigSource
	switch {
	case source != nil && !apiequality.Semantic.DeepEqual(source, old.Spec.ConfigSource):
		return r.refuse(notAllowed+"update configSource to a new non-nil configSource", r.node)
	case !apiequality.Semantic.DeepEqual(n.Spec.Taints, old.Spec.Taints):
		return r.refuse(notAllowed+"modify taints", r.node)
	case !apiequality.Semantic.DeepEqual(n.OwnerReferences, old.OwnerReferences):
		return r.refuse(notAllowed+"modify ownerReferences", r.node)
	}
	if labels := foreignLabels(n.Labels, old.Labels); len(labels) > 0 {
		return r.refuse("is not allowed to modify labels: %s", strings.Join(labels, ", "))
	}
	return nil
}

// deleteNode has no name to compare when a collection is deleted.
func deleteNode(_ context.Context, r request, _ *corev1.Node) error { return checkNode(r, r.GetName()) }

func checkNode(r request, name string) error {
	if name != r.node {
		return r.refuse(notAllowed+"modify node %q", r.node, name)
	}
	return nil
}

// foreignLabels returns the labels that differ and that a kubelet must not change,
// sorted. They are those of Kubernetes itself that no kubelet sets, among them
// node-restriction.kubernetes.io, by which pods can be kept to nodes that nobody
// else labels (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction).
func foreignLabels(labels, old map[string]string) []string {
	foreign := sets.New[string]()
	for _, pair := range [][2]map[string]string{{labels, old}, {old, labels}} {
		for key, value := range pair[0] {
			if other, found := pair[1][key]; (!found || other != value) && isKubernetes(key) && !isKubelet(key) {
				foreign.Insert(key)
			}
		}
	}
	return sets.List(foreign)
}

func isKubernetes(label string) bool { return in(label, "kubernetes.io") || in(label, "k8s.io") }

// kubeletLabels are the labels that a kubelet or its cloud provider sets.
var kubeletLabels = []string{
	corev1.LabelHostname,
	corev1.LabelTopologyZone,
	corev1.LabelTopologyRegion,
	corev1.LabelFailureDomainBetaZone,
	corev1.LabelFailureDomainBetaRegion,
	corev1.LabelInstanceType,
	corev1.LabelInstanceTypeStable,
	corev1.LabelOSStable,
	corev1.LabelArchStable,
	"beta.kubernetes.io/os",
	"beta.kubernetes.io/arch",
}

func isKubelet(label string) bool {
	return slices.Contains(kubeletLabels, label) || in(label, "kubelet.kubernetes.io") || in(label, "node.kubernetes.io")
}

// in reports whether the prefix of a label is a domain or below it.
func in(label, domain string) bool {
	prefix, _, found := strings.Cut(label, "/")
	return found && (prefix == domain || strings.HasSuffix(prefix, "."+domain))
}
