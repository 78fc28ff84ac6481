package pod

import (
	"context"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// New defines pods whose containers are reached by what is given.
func New(needs connect.Needs) *registry.Resource[*corev1.Pod] {
	return &registry.Resource[*corev1.Pod]{
		GVR:                 corev1.SchemeGroupVersion.WithResource("pods"),
		Singular:            "pod",
		ShortNames:          []string{"po"},
		Categories:          []string{"all"},
		New:                 func() *corev1.Pod { return &corev1.Pod{} },
		NewList:             func() runtime.Object { return &corev1.PodList{} },
		GracefulDelete:      deleteGracefully,
		ReturnDeletedObject: true,
		Parts: registry.Parts[*corev1.Pod]{
			Spec:        registry.Part(func(p *corev1.Pod) *corev1.PodSpec { return &p.Spec }),
			Status:      registry.Part(func(p *corev1.Pod) *corev1.PodStatus { return &p.Status }),
			Generations: true,
		},
		Hooks: registry.Hooks[*corev1.Pod]{
			PrepareForCreate: prepareForCreate,
			PrepareForUpdate: prepareForUpdate,
			Validate: func(ctx context.Context, pod *corev1.Pod) field.ErrorList {
				return podspec.ValidatePodCreate(pod, podspec.OptionsFrom(ctx))
			},
			ValidateUpdate: validateAs(podspec.ValidatePodUpdate),
			// There are no warnings on update: users rarely update pods themselves,
			// and kubelets do so all the time.
			WarningsOnCreate: func(_ context.Context, pod *corev1.Pod) []string { return podspec.PodWarnings(pod) },
		},
		Facets: map[string]registry.Facet[*corev1.Pod]{
			"status": {
				Hooks:    registry.Hooks[*corev1.Pod]{PrepareForUpdate: prepareStatus, ValidateUpdate: validateAs(podspec.ValidatePodStatusUpdate)},
				Metadata: registry.MetadataRule{Keep: keepOwners, Resets: []string{"metadata.deletionTimestamp", "metadata.ownerReferences"}},
			},
			"ephemeralcontainers": {Hooks: registry.Hooks[*corev1.Pod]{
				PrepareForUpdate: prepareEphemeralContainers, ValidateUpdate: validateAs(podspec.ValidatePodEphemeralContainersUpdate)}},
			"resize": {Hooks: registry.Hooks[*corev1.Pod]{
				PrepareForUpdate: prepareResize, ValidateUpdate: validateAs(podspec.ValidatePodResize)}},
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
		Subresources: func(main *registry.REST, deps registry.Deps) map[string]rest.Storage {
			return subresources(main, deps, needs)
		},
	}
}

func subresources(main *registry.REST, deps registry.Deps, needs connect.Needs) map[string]rest.Storage {
	pods := main.Store
	c := containers{pods: pods, objects: deps.Objects, needs: needs}
	connect.RegisterMetrics()
	return map[string]rest.Storage{
		"attach":      &streamREST{c, func() runtime.Object { return &corev1.PodAttachOptions{} }},
		"binding":     &bindingREST{func() (store, error) { return store{pods}, nil }},
		"eviction":    &evictionREST{pods: store{pods}, budgets: budgets{deps.Objects}},
		"exec":        &streamREST{c, func() runtime.Object { return &corev1.PodExecOptions{} }},
		"log":         &logREST{c},
		"portforward": &streamREST{c, func() runtime.Object { return &corev1.PodPortForwardOptions{} }},
		"proxy": &connect.ProxyREST{Needs: needs, Kind: "pod", Locate: c.locatePort,
			NewOptions: func() runtime.Object { return &corev1.PodProxyOptions{} }},
	}
}

// validateAs returns a validation hook. It passes the options of the server,
// which are in the context, to the validation.
func validateAs(
	validate func(pod, old *corev1.Pod, options podspec.Options) field.ErrorList,
) func(ctx context.Context, pod, old *corev1.Pod) field.ErrorList {
	return func(ctx context.Context, pod, old *corev1.Pod) field.ErrorList {
		return validate(pod, old, podspec.OptionsFrom(ctx))
	}
}

// firstIP returns the first address of a pod, which is the only one that field
// selectors use.
func firstIP(p *corev1.Pod) string {
	if len(p.Status.PodIPs) > 0 {
		return p.Status.PodIPs[0].IP
	}
	return p.Status.PodIP
}
