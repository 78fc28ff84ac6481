package pod

import (
	"context"
	"maps"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	validation "github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines pods, and bindings with them.
var Resource registry.Definition = definition{pods}

var pods = &registry.Resource[*corev1.Pod]{
	GVR:                 corev1.SchemeGroupVersion.WithResource("pods"),
	Singular:            "pod",
	ShortNames:          []string{"po"},
	Categories:          []string{"all"},
	New:                 func() *corev1.Pod { return &corev1.Pod{} },
	NewList:             func() runtime.Object { return &corev1.PodList{} },
	GracefulDelete:      deleteGracefully,
	ReturnDeletedObject: true,
	Hooks: registry.Hooks[*corev1.Pod]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate: func(ctx context.Context, pod *corev1.Pod) field.ErrorList {
			return validation.ValidatePodCreate(pod, validation.OptionsFrom(ctx))
		},
		ValidateUpdate: func(ctx context.Context, pod, old *corev1.Pod) field.ErrorList {
			return validation.ValidatePodUpdate(pod, old, validation.OptionsFrom(ctx))
		},
		// People seldom update pods themselves, and kubelets do it all the time: there are no warnings on update.
		WarningsOnCreate: func(_ context.Context, pod *corev1.Pod) []string { return validation.PodWarnings(pod) },
		ResetFields:      registry.Reset("v1", []string{"status"}),
	},
	Status: &registry.Hooks[*corev1.Pod]{
		PrepareForUpdate: prepareStatus,
		ValidateUpdate: func(ctx context.Context, pod, old *corev1.Pod) field.ErrorList {
			return validation.ValidatePodStatusUpdate(pod, old, validation.OptionsFrom(ctx))
		},
		ResetFields: registry.Reset("v1", []string{"spec"}, []string{"metadata", "deletionTimestamp"}, []string{"metadata", "ownerReferences"}),
	},
	Fields: []registry.Field[*corev1.Pod]{
		{Name: "spec.nodeName", Value: func(p *corev1.Pod) string { return p.Spec.NodeName }, Trigger: true, Index: true},
		{Name: "spec.restartPolicy", Value: func(p *corev1.Pod) string { return string(p.Spec.RestartPolicy) }},
		{Name: "spec.schedulerName", Value: func(p *corev1.Pod) string { return p.Spec.SchedulerName }},
		{Name: "spec.serviceAccountName", Value: func(p *corev1.Pod) string { return p.Spec.ServiceAccountName }},
		{Name: "spec.hostNetwork", Value: func(p *corev1.Pod) string { return strconv.FormatBool(p.Spec.HostNetwork) }},
		{Name: "status.phase", Value: func(p *corev1.Pod) string { return string(p.Status.Phase) }},
		{Name: "status.podIP", Value: firstIP},
		{Name: "status.nominatedNodeName", Value: func(p *corev1.Pod) string { return p.Status.NominatedNodeName }},
	},
	Columns:       columns(),
	RowConditions: rowConditions,
}

// definition adds the subresources to pods: some of them are pods with another
// strategy.
type definition struct {
	*registry.Resource[*corev1.Pod]
}

// Storage implements registry.Definition.
func (d definition) Storage(deps registry.Deps) (map[string]rest.Storage, error) {
	storage, err := d.Resource.Storage(deps)
	if err != nil {
		return nil, err
	}
	main := storage["pods"].(*registry.REST)
	with := func(hooks registry.Hooks[*corev1.Pod]) rest.Storage {
		return registry.NewStatusREST(d.WithHooks(main, deps, &hooks))
	}
	binding := bindingREST{pods: main.Store}
	storage["bindings"] = &legacyBindingREST{binding}
	maps.Copy(storage, map[string]rest.Storage{
		"pods/attach":              &streamREST{newOptions: func() runtime.Object { return &corev1.PodAttachOptions{} }, pods: main.Store},
		"pods/binding":             &binding,
		"pods/ephemeralcontainers": with(ephemeralContainersHooks()),
		"pods/eviction":            newEvictionREST(main.Store, deps),
		"pods/exec":                &streamREST{newOptions: func() runtime.Object { return &corev1.PodExecOptions{} }, pods: main.Store},
		"pods/log":                 &logREST{pods: main.Store},
		"pods/portforward":         &streamREST{newOptions: func() runtime.Object { return &corev1.PodPortForwardOptions{} }, pods: main.Store},
		"pods/proxy":               &proxyREST{pods: main.Store},
		"pods/resize":              with(resizeHooks()),
	})
	return storage, nil
}

func ephemeralContainersHooks() registry.Hooks[*corev1.Pod] {
	return registry.Hooks[*corev1.Pod]{
		PrepareForUpdate: prepareEphemeralContainers,
		ValidateUpdate: func(ctx context.Context, pod, old *corev1.Pod) field.ErrorList {
			return validation.ValidatePodEphemeralContainersUpdate(pod, old, validation.OptionsFrom(ctx))
		},
		ResetFields: registry.Reset("v1", []string{"status"}),
	}
}

func resizeHooks() registry.Hooks[*corev1.Pod] {
	return registry.Hooks[*corev1.Pod]{
		PrepareForUpdate: prepareResize,
		ValidateUpdate: func(ctx context.Context, pod, old *corev1.Pod) field.ErrorList {
			return validation.ValidatePodResize(pod, old, validation.OptionsFrom(ctx))
		},
		ResetFields: registry.Reset("v1", []string{"status"}),
	}
}

// firstIP returns the first address of a pod. Selectors by address know no
// other.
func firstIP(p *corev1.Pod) string {
	if len(p.Status.PodIPs) > 0 {
		return p.Status.PodIPs[0].IP
	}
	return p.Status.PodIP
}
