package podspec

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

const onlyTheseFields = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
	"`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
	"`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"

// ValidatePodUpdate checks an update of a pod. Only a few fields of the spec
// may change: images, activeDeadlineSeconds and tolerations, which can only be
// added, and as long as the pod has scheduling gates also the node selector and
// the node affinity.
func ValidatePodUpdate(pod, old *corev1.Pod, opts Options) field.ErrorList {
	errs, stop := validateCommonUpdate(pod, old, opts)
	if stop {
		return errs
	}
	p := field.NewPath("spec")
	for at, c := range containersOf(&pod.Spec, p) {
		if c.Image == "" {
			errs = append(errs, field.Required(at.Child("image"), ""))
		} else if strings.TrimSpace(c.Image) != c.Image {
			errs = append(errs, field.Invalid(at.Child("image"), c.Image, "must not have leading or trailing whitespace"))
		}
	}
	errs = append(errs, validateDeadlineUpdate(pod.Spec.ActiveDeadlineSeconds, old.Spec.ActiveDeadlineSeconds, p.Child("activeDeadlineSeconds"))...)
	errs = append(errs, validateGatesUpdate(pod.Spec.SchedulingGates, old.Spec.SchedulingGates, p.Child("schedulingGates"))...)
	errs = append(errs, validateTolerationsUpdate(pod.Spec.Tolerations, old.Spec.Tolerations, p.Child("tolerations"))...)
	if len(old.Spec.SchedulingGates) > 0 {
		errs = append(errs, validateGatedUpdate(&pod.Spec, &old.Spec, p)...)
	}
	rest := withUpdatable(&pod.Spec, &old.Spec)
	if apiequality.Semantic.DeepEqual(rest, &old.Spec) {
		return errs
	}
	return append(errs, field.Forbidden(p, onlyTheseFields+diff.Diff(goform.Of(old.Spec), goform.Of(rest))))
}

// validateCommonUpdate checks the rules that apply to all updates of a spec.
// stop means that containers were added or removed. In that case the caller
// cannot compare them with the old ones.
func validateCommonUpdate(pod, old *corev1.Pod, opts Options) (errs field.ErrorList, stop bool) {
	opts = opts.ForUpdate(&old.ObjectMeta, &old.Spec)
	metadata := field.NewPath("metadata")
	errs = metavalidation.ValidateObjectMetaUpdate(&pod.ObjectMeta, &old.ObjectMeta, metadata)
	errs = append(errs, validatePod(pod, opts)...)
	errs = append(errs, validateAnnotationsUpdate(pod, old, metadata.Child("annotations"))...)
	spec := field.NewPath("spec")
	for _, list := range []struct {
		name     string
		now, was int
	}{
		{"containers", len(pod.Spec.Containers), len(old.Spec.Containers)},
		{"initContainers", len(pod.Spec.InitContainers), len(old.Spec.InitContainers)},
	} {
		if list.now != list.was {
			return append(errs, field.Forbidden(spec.Child(list.name), "pod updates may not add or remove containers")), true
		}
	}
	return errs, false
}

// validateAnnotationsUpdate refuses changes of annotations that cannot change
// while the pod runs.
func validateAnnotationsUpdate(pod, old *corev1.Pod, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	keys := sets.KeySet(pod.Annotations).Union(sets.KeySet(old.Annotations))
	for _, key := range sets.List(keys) {
		now, is := pod.Annotations[key]
		before, was := old.Annotations[key]
		kind := ""
		switch {
		case strings.HasPrefix(key, appArmorAnnotation):
			kind = "AppArmor annotations"
		case key == corev1.MirrorPodAnnotationKey:
			kind = "mirror pod annotation"
		}
		switch {
		case kind == "" || is == was && now == before:
		case was:
			errs = append(errs, field.Forbidden(p.Key(key), "may not remove or update "+kind))
		default:
			errs = append(errs, field.Forbidden(p.Key(key), "may not add "+kind))
		}
	}
	return errs
}

// validateDeadlineUpdate allows a deadline to be added and to be reduced, but
// not to be removed.
func validateDeadlineUpdate(now, was *int64, p *field.Path) field.ErrorList {
	switch {
	case now != nil && (*now < 0 || *now > math.MaxInt32):
		return field.ErrorList{field.Invalid(p, *now, utilvalidation.InclusiveRangeError(0, math.MaxInt32))}
	case was == nil:
		return nil
	case now == nil:
		return field.ErrorList{field.Invalid(p, now, "must not update from a positive integer to nil value")}
	case *now > *was:
		return field.ErrorList{field.Invalid(p, *now, "must be less than or equal to previous value")}
	}
	return nil
}

// validateGatesUpdate allows scheduling gates to be removed only.
func validateGatesUpdate(gates, old []corev1.PodSchedulingGate, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, gate := range gates {
		if !slices.Contains(old, gate) {
			errs = append(errs, field.Forbidden(p.Index(i).Child("name"),
				fmt.Sprintf("only deletion is allowed, but found new scheduling gate '%s'", gate.Name)))
		}
	}
	return errs
}

// validateTolerationsUpdate allows tolerations to be added, and
// tolerationSeconds to be changed.
func validateTolerationsUpdate(tolerations, old []corev1.Toleration, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range old {
		if !slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool {
			t.TolerationSeconds = old[i].TolerationSeconds
			return t == old[i]
		}) {
			return append(errs, field.Forbidden(p, "existing toleration can not be modified except its tolerationSeconds"))
		}
	}
	return errs
}

// withUpdatable returns the new spec with the old values of the fields that may
// change. Any difference between the result and the old spec is a change that
// is not allowed.
func withUpdatable(spec, old *corev1.PodSpec) *corev1.PodSpec {
	rest := spec.DeepCopy()
	for i := range rest.Containers {
		rest.Containers[i].Image = old.Containers[i].Image
	}
	for i := range rest.InitContainers {
		rest.InitContainers[i].Image = old.InitContainers[i].Image
	}
	rest.ActiveDeadlineSeconds = old.ActiveDeadlineSeconds
	rest.SchedulingGates = old.SchedulingGates
	rest.Tolerations = old.Tolerations
	if was, now := old.TerminationGracePeriodSeconds, spec.TerminationGracePeriodSeconds; was != nil && *was < 0 && now != nil && *now == 1 {
		rest.TerminationGracePeriodSeconds = was
	}
	if len(old.SchedulingGates) > 0 {
		rest.NodeSelector = old.NodeSelector
		rest.Affinity = withNodeAffinity(rest.Affinity, old.Affinity)
	}
	return rest
}

// withNodeAffinity returns the new affinity with the old node affinity.
func withNodeAffinity(now, was *corev1.Affinity) *corev1.Affinity {
	var old corev1.Affinity
	if was != nil {
		old = *was
	}
	rest := corev1.Affinity{NodeAffinity: old.NodeAffinity}
	if now != nil {
		rest.PodAffinity, rest.PodAntiAffinity = now.PodAffinity, now.PodAntiAffinity
	}
	if rest == (corev1.Affinity{}) && was == nil {
		return nil
	}
	return &rest
}

// validateGatedUpdate checks changes of the node selector and the node affinity
// of a pod with scheduling gates. They may only become more restrictive.
func validateGatedUpdate(spec, old *corev1.PodSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(old.NodeSelector)) {
		if value, ok := spec.NodeSelector[key]; !ok || value != old.NodeSelector[key] {
			errs = append(errs, field.Invalid(p.Child("nodeSelector"), spec.NodeSelector,
				"only additions to spec.nodeSelector are allowed (no mutations or deletions)"))
			break
		}
	}
	return append(errs, validateNodeAffinityUpdate(nodeAffinity(spec), nodeAffinity(old), p.Child("affinity", "nodeAffinity"))...)
}

func nodeAffinity(spec *corev1.PodSpec) *corev1.NodeAffinity {
	if spec.Affinity == nil {
		return nil
	}
	return spec.Affinity.NodeAffinity
}

func validateNodeAffinityUpdate(now, was *corev1.NodeAffinity, p *field.Path) field.ErrorList {
	var required, old *corev1.NodeSelector
	if was != nil {
		old = was.RequiredDuringSchedulingIgnoredDuringExecution
	}
	if now != nil {
		required = now.RequiredDuringSchedulingIgnoredDuringExecution
	}
	if old == nil {
		return nil
	}
	terms := p.Child(requiredTerms, "nodeSelectorTerms")
	if required == nil || len(required.NodeSelectorTerms) != len(old.NodeSelectorTerms) {
		var value any
		if required != nil {
			value = goform.Of(required.NodeSelectorTerms)
		}
		return field.ErrorList{field.Invalid(terms, value, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")}
	}
	var errs field.ErrorList
	for i, term := range required.NodeSelectorTerms {
		if !extends(term, old.NodeSelectorTerms[i]) {
			errs = append(errs, field.Invalid(terms.Index(i), goform.Of(term), "only additions are allowed (no mutations or deletions)"))
		}
	}
	return errs
}

// extends reports whether the term contains all requirements of the old term,
// followed by new ones. As all requirements must be met, new ones make a term
// more restrictive. The exception is an empty term, which matches no nodes at
// all.
func extends(term, old corev1.NodeSelectorTerm) bool {
	if len(old.MatchExpressions)+len(old.MatchFields) == 0 && len(term.MatchExpressions)+len(term.MatchFields) > 0 {
		return false
	}
	return hasPrefix(term.MatchExpressions, old.MatchExpressions) && hasPrefix(term.MatchFields, old.MatchFields)
}

func hasPrefix(list, prefix []corev1.NodeSelectorRequirement) bool {
	return len(list) >= len(prefix) && apiequality.Semantic.DeepEqual(list[:len(prefix)], prefix)
}
