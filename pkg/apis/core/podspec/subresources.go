package podspec

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// ValidatePodEphemeralContainersUpdate checks an update of the ephemeral
// containers. They can be added, but neither changed nor removed.
func ValidatePodEphemeralContainersUpdate(pod, old *corev1.Pod, opts Options) field.ErrorList {
	opts = opts.ForUpdate(&old.ObjectMeta, &old.Spec)
	metadata, p := field.NewPath("metadata"), field.NewPath("spec", "ephemeralContainers")
	errs := metavalidation.ValidateObjectMetaUpdate(&pod.ObjectMeta, &old.ObjectMeta, metadata)
	errs = append(errs, validatePod(pod, opts)...)
	errs = append(errs, validateAnnotationsUpdate(pod, old, metadata.Child("annotations"))...)
	if old.Spec.OS != nil && old.Spec.OS.Name == corev1.Windows && len(pod.Spec.EphemeralContainers) > 0 && isHostProcessPod(&old.Spec) {
		errs = append(errs, field.Forbidden(p, "ephemeral containers are not supported in hostProcess pods"))
	}
	if _, mirror := old.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
		errs = append(errs, field.Forbidden(field.NewPath(""), "static pods do not support ephemeral containers"))
	}
	byName := map[string]*corev1.EphemeralContainer{}
	for i := range pod.Spec.EphemeralContainers {
		byName[pod.Spec.EphemeralContainers[i].Name] = &pod.Spec.EphemeralContainers[i]
	}
	for i := range old.Spec.EphemeralContainers {
		was := &old.Spec.EphemeralContainers[i]
		now, ok := byName[was.Name]
		switch {
		case !ok:
			errs = append(errs, field.Forbidden(p, fmt.Sprintf("existing ephemeral containers %q may not be removed\n", was.Name)))
		case !apiequality.Semantic.DeepEqual(was, now):
			errs = append(errs, field.Forbidden(p, fmt.Sprintf("existing ephemeral containers %q may not be changed\n%s",
				was.Name, diff.Diff(goform.Of(was), goform.Of(now)))))
		}
	}
	return errs
}

func isHostProcessPod(spec *corev1.PodSpec) bool {
	sc := spec.SecurityContext
	return sc != nil && sc.WindowsOptions != nil && sc.WindowsOptions.HostProcess != nil && *sc.WindowsOptions.HostProcess
}

// ValidatePodResize checks a change of the CPU and memory of a running pod.
func ValidatePodResize(pod, old *corev1.Pod, opts Options) field.ErrorList {
	errs, stop := validateCommonUpdate(pod, old, opts)
	if stop {
		return errs
	}
	p := field.NewPath("spec")
	if _, static := old.Annotations[corev1.MirrorPodAnnotationKey]; static {
		return field.ErrorList{field.Forbidden(field.NewPath(""), "static pods cannot be resized")}
	}
	if old.Spec.OS != nil && old.Spec.OS.Name == corev1.Windows {
		return field.ErrorList{field.Forbidden(field.NewPath(""), "windows pods cannot be resized")}
	}
	if class := QOSClass(pod); class != QOSClass(old) {
		errs = append(errs, field.Invalid(p, QOSClass(old), "Pod QOS Class may not change as a result of resizing"))
	}
	errs = append(errs, validateNothingRemoved(&pod.Spec, &old.Spec, p)...)
	if rest := withResizable(&pod.Spec, &old.Spec); !apiequality.Semantic.DeepEqual(rest, &old.Spec) {
		errs = append(errs, field.Forbidden(p, "only cpu and memory resources are mutable"))
	}
	return errs
}

// validateNothingRemoved checks that no request or limit for CPU or memory of a
// container is removed, which is not possible while the container runs.
func validateNothingRemoved(spec, old *corev1.PodSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, kind := range []struct {
		name     string
		now, was []corev1.Container
	}{
		{"containers", spec.Containers, old.Containers},
		{"initContainers", spec.InitContainers, old.InitContainers},
	} {
		for i := range kind.was {
			at := p.Child(kind.name).Index(i).Child("resources")
			now, was := kind.now[i].Resources, kind.was[i].Resources
			if removes(now.Requests, was.Requests) {
				errs = append(errs, field.Forbidden(at.Child("requests"), "resource requests cannot be removed"))
			}
			if removes(now.Limits, was.Limits) {
				errs = append(errs, field.Forbidden(at.Child("limits"), "resource limits cannot be removed"))
			}
		}
	}
	return errs
}

func removes(now, was corev1.ResourceList) bool {
	for name := range was {
		if _, kept := now[name]; !kept && resizable(name) {
			return true
		}
	}
	return false
}

func resizable(name corev1.ResourceName) bool {
	return name == corev1.ResourceCPU || name == corev1.ResourceMemory
}

// withResizable returns the new spec with the old values of CPU and memory. Any
// difference between the result and the old spec is a change that is not
// allowed.
func withResizable(spec, old *corev1.PodSpec) *corev1.PodSpec {
	rest := spec.DeepCopy()
	for i := range rest.Containers {
		keepResizable(&rest.Containers[i].Resources, &old.Containers[i].Resources)
	}
	for i := range rest.InitContainers {
		// The resources of init containers cannot change, because these have
		// terminated. Sidecars are an exception, because they continue to run.
		if isSidecar(&old.InitContainers[i]) {
			keepResizable(&rest.InitContainers[i].Resources, &old.InitContainers[i].Resources)
		}
	}
	if rest.Resources != nil && old.Resources != nil {
		keepResizable(rest.Resources, old.Resources)
	}
	return rest
}

func keepResizable(r, old *corev1.ResourceRequirements) {
	r.Requests = withOld(r.Requests, old.Requests)
	r.Limits = withOld(r.Limits, old.Limits)
}

func withOld(list, old corev1.ResourceList) corev1.ResourceList {
	merged := corev1.ResourceList{}
	for name, q := range list {
		if !resizable(name) {
			merged[name] = q
		}
	}
	for name, q := range old {
		if resizable(name) {
			merged[name] = q
		}
	}
	return merged
}

// ValidatePodBinding checks the assignment of a pod to a node.
func ValidatePodBinding(b *corev1.Binding) field.ErrorList {
	var errs field.ErrorList
	target := field.NewPath("target")
	if kind := b.Target.Kind; kind != "" && kind != "Node" {
		errs = append(errs, field.NotSupported(target.Child("kind"), kind, []string{"Node", "<empty>"}))
	}
	if b.Target.Name == "" {
		errs = append(errs, field.Required(target.Child("name"), ""))
	}
	return errs
}

// ValidatePodLogOptions checks the query parameters of a request for logs.
func ValidatePodLogOptions(o *corev1.PodLogOptions) field.ErrorList {
	var errs field.ErrorList
	if o.TailLines != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(*o.TailLines, field.NewPath("tailLines"))...)
	}
	if o.LimitBytes != nil && *o.LimitBytes < 1 {
		errs = append(errs, field.Invalid(field.NewPath("limitBytes"), *o.LimitBytes, "must be greater than 0"))
	}
	switch {
	case o.SinceSeconds != nil && o.SinceTime != nil:
		errs = append(errs, field.Forbidden(field.NewPath(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
	case o.SinceSeconds != nil && *o.SinceSeconds < 1:
		errs = append(errs, field.Invalid(field.NewPath("sinceSeconds"), *o.SinceSeconds, "must be greater than 0"))
	}
	return append(errs, validateLogStream(o)...)
}

// validateLogStream checks which of the streams of a container is asked for.
func validateLogStream(o *corev1.PodLogOptions) field.ErrorList {
	path := field.NewPath("stream")
	switch {
	case o.Stream == nil:
		return nil
	case !features.Enabled(features.PodLogsQuerySplitStreams):
		return field.ErrorList{field.Forbidden(path, "may not be specified")}
	}
	var errs field.ErrorList
	if streams := []string{corev1.LogStreamStdout, corev1.LogStreamStderr, corev1.LogStreamAll}; !slices.Contains(streams, *o.Stream) {
		errs = append(errs, field.NotSupported(path, *o.Stream, streams))
	}
	if o.TailLines != nil && *o.Stream != corev1.LogStreamAll {
		errs = append(errs, field.Forbidden(field.NewPath(""), "`tailLines` and specific `stream` are mutually exclusive for now"))
	}
	return errs
}
