package namespace

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// conditions returns the conditions of the namespace, with the reasons and messages of
// kube-controller-manager. There is one difference: pods that remain are counted, so
// that the conditions never say that all has been removed while there are pods.
// kube-controller-manager v1.36.3 says so as long as pods with a grace period or with a
// finalizer keep the other objects from being deleted; only of pods that are overdue it
// says, in the condition for failures, that they remain.
func (f *findings) conditions() []corev1.NamespaceCondition {
	undiscovered := 1
	if failed := (*discovery.ErrGroupDiscoveryFailed)(nil); errors.As(f.discoveryErr, &failed) {
		undiscovered = len(failed.Groups)
	}
	return []corev1.NamespaceCondition{
		condition(corev1.NamespaceDeletionDiscoveryFailure, f.discoveryErr != nil,
			"ResourcesDiscovered", "All resources successfully discovered",
			"DiscoveryFailed", "Discovery failed for some groups, %d failing: %v", undiscovered, f.discoveryErr),
		condition(corev1.NamespaceDeletionGVParsingFailure, f.parsingErr != nil,
			"ParsedGroupVersions", "All legacy kube types successfully parsed",
			"GroupVersionParsingFailed", "%v", f.parsingErr),
		condition(corev1.NamespaceDeletionContentFailure, len(f.failures) > 0,
			"ContentDeleted", "All content successfully deleted, may be waiting on finalization",
			"ContentDeletionFailed", "Failed to delete all resource types, %d remaining: %s", len(f.failures), texts(f.failures)),
		condition(corev1.NamespaceContentRemaining, len(f.remaining) > 0,
			"ContentRemoved", "All content successfully removed",
			"SomeResourcesRemain", "Some resources are remaining: %s", counts(f.remaining, "%s.%s has %d resource instances",
				func(r schema.GroupResource) []any { return []any{r.Resource, r.Group} })),
		condition(corev1.NamespaceFinalizersRemaining, len(f.finalizers) > 0,
			"ContentHasNoFinalizers", "All content-preserving finalizers finished",
			"SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: %s", counts(f.finalizers, "%s in %d resource instances",
				func(finalizer string) []any { return []any{finalizer} })),
	}
}

// condition returns a condition that is true or false, with the reason and the message
// of this status. args are the arguments of the message for true.
func condition(t corev1.NamespaceConditionType, is bool, otherwise, otherwiseMessage, reason, message string, args ...any) corev1.NamespaceCondition {
	if is {
		return corev1.NamespaceCondition{Type: t, Status: corev1.ConditionTrue, Reason: reason, Message: fmt.Sprintf(message, args...)}
	}
	return corev1.NamespaceCondition{Type: t, Status: corev1.ConditionFalse, Reason: otherwise, Message: otherwiseMessage}
}

// texts returns the sorted texts of errors.
func texts(errs []error) string {
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// counts returns a sorted list of what is counted. args returns the arguments of the
// format that come before the number.
func counts[K comparable](of map[K]int, format string, args func(K) []any) string {
	var texts []string
	for key, count := range of {
		texts = append(texts, fmt.Sprintf(format, append(args(key), count)...))
	}
	return strings.Join(slices.Sorted(slices.Values(texts)), ", ")
}

// merge returns the conditions after setting the wanted ones, and whether this changes
// anything. now is the time of the transition of those whose status changes.
func merge(conditions, wanted []corev1.NamespaceCondition, now metav1.Time) (merged []corev1.NamespaceCondition, changed bool) {
	merged = slices.Clone(conditions)
	for _, w := range wanted {
		w.LastTransitionTime = now
		i := slices.IndexFunc(merged, func(c corev1.NamespaceCondition) bool { return c.Type == w.Type })
		if i < 0 {
			merged, changed = append(merged, w), true
			continue
		}
		if merged[i].Status == w.Status {
			w.LastTransitionTime = merged[i].LastTransitionTime
		}
		changed = changed || merged[i] != w
		merged[i] = w
	}
	return merged, changed
}
