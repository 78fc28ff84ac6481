package horizontalpodautoscaler

import (
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// hasIndependentMetric reports whether there is a metric that has a value even
// if there are no pods. Such a metric is necessary to scale up a workload from
// zero replicas.
func hasIndependentMetric(metrics []autoscalingv2.MetricSpec) bool {
	return slices.ContainsFunc(metrics, func(m autoscalingv2.MetricSpec) bool {
		return m.Type == autoscalingv2.ObjectMetricSourceType || m.Type == autoscalingv2.ExternalMetricSourceType
	})
}

func validateMetrics(metrics []autoscalingv2.MetricSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range metrics {
		errs = append(errs, validateMetric(&metrics[i], path.Index(i))...)
	}
	return errs
}

// source is one of the possible sources of a metric.
type source struct {
	of       autoscalingv2.MetricSourceType
	name     string
	set      bool
	validate func(path *field.Path) field.ErrorList
}

func sourcesOf(m *autoscalingv2.MetricSpec) []source {
	return []source{
		{autoscalingv2.ObjectMetricSourceType, "object", m.Object != nil, func(p *field.Path) field.ErrorList { return validateObject(m.Object, p) }},
		{autoscalingv2.ExternalMetricSourceType, "external", m.External != nil, func(p *field.Path) field.ErrorList { return validateExternal(m.External, p) }},
		{autoscalingv2.PodsMetricSourceType, "pods", m.Pods != nil, func(p *field.Path) field.ErrorList { return validatePods(m.Pods, p) }},
		{autoscalingv2.ResourceMetricSourceType, "resource", m.Resource != nil, func(p *field.Path) field.ErrorList { return validateResource(m.Resource, p) }},
		{autoscalingv2.ContainerResourceMetricSourceType, "containerResource", m.ContainerResource != nil,
			func(p *field.Path) field.ErrorList { return validateContainerResource(m.ContainerResource, p) }},
	}
}

// validateMetric checks that the source of the type is set, and no other. If
// several sources are set, only the first one is validated further.
func validateMetric(m *autoscalingv2.MetricSpec, path *field.Path) field.ErrorList {
	sources := sourcesOf(m)
	named := slices.IndexFunc(sources, func(s source) bool { return s.of == m.Type })
	errs := validateType(m.Type, named >= 0, path.Child("type"))
	set := 0
	for _, s := range sources {
		if s.set {
			if set == 0 {
				errs = append(errs, s.validate(path.Child(s.name))...)
			}
			set++
		}
	}
	switch {
	case named < 0: // Like kube-apiserver, return a second error about the missing source.
		errs = append(errs, unsupportedType(m.Type, path.Child("type")))
	case !sources[named].set:
		errs = append(errs, field.Required(path.Child(sources[named].name), "must populate information for the given metric source"))
	}
	for i, s := range sources {
		if s.set && set > 1 && i != named {
			errs = append(errs, field.Forbidden(path.Child(s.name), "must populate the given metric source only"))
		}
	}
	return errs
}

func validateType(of autoscalingv2.MetricSourceType, known bool, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if of == "" {
		errs = append(errs, field.Required(path, "must specify a metric source type"))
	}
	if !known {
		errs = append(errs, unsupportedType(of, path))
	}
	return errs
}

func unsupportedType(of autoscalingv2.MetricSourceType, path *field.Path) *field.Error {
	return field.NotSupported(path, of, []autoscalingv2.MetricSourceType{
		autoscalingv2.ContainerResourceMetricSourceType, autoscalingv2.ExternalMetricSourceType, autoscalingv2.ObjectMetricSourceType,
		autoscalingv2.PodsMetricSourceType, autoscalingv2.ResourceMetricSourceType})
}

func validateObject(src *autoscalingv2.ObjectMetricSource, path *field.Path) field.ErrorList {
	errs := validateReference(&src.DescribedObject, path.Child("describedObject"))
	errs = append(errs, validateIdentifier(&src.Metric, path.Child("metric"))...)
	target := path.Child("target")
	errs = append(errs, validateMetricTarget(&src.Target, target)...)
	if src.Target.Value == nil && src.Target.AverageValue == nil {
		errs = append(errs, field.Required(target.Child("averageValue"), "must set either a target value or averageValue"))
	}
	return errs
}

func validateExternal(src *autoscalingv2.ExternalMetricSource, path *field.Path) field.ErrorList {
	errs := validateIdentifier(&src.Metric, path.Child("metric"))
	target := path.Child("target")
	errs = append(errs, validateMetricTarget(&src.Target, target)...)
	switch value, average := src.Target.Value != nil, src.Target.AverageValue != nil; {
	case !value && !average:
		errs = append(errs, field.Required(target.Child("averageValue"), "must set either a target value for metric or a per-pod target"))
	case value && average:
		errs = append(errs, field.Forbidden(target.Child("value"), "may not set both a target value for metric and a per-pod target"))
	}
	return errs
}

func validatePods(src *autoscalingv2.PodsMetricSource, path *field.Path) field.ErrorList {
	errs := validateIdentifier(&src.Metric, path.Child("metric"))
	target := path.Child("target")
	errs = append(errs, validateMetricTarget(&src.Target, target)...)
	if src.Target.AverageValue == nil {
		errs = append(errs, field.Required(target.Child("averageValue"), "must specify a positive target averageValue"))
	}
	return errs
}

func validateResource(src *autoscalingv2.ResourceMetricSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if src.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), "must specify a resource name"))
	}
	return append(errs, validateResourceTarget(&src.Target, path.Child("target"))...)
}

func validateContainerResource(src *autoscalingv2.ContainerResourceMetricSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if name := path.Child("name"); src.Name == "" {
		errs = append(errs, field.Required(name, "must specify a resource name"))
	} else {
		errs = append(errs, validation.ValidateContainerResourceName(src.Name, name)...)
	}
	if container := path.Child("container"); src.Container == "" {
		errs = append(errs, field.Required(container, "must specify a container"))
	} else {
		errs = append(errs, validation.ValidateDNS1123Label(src.Container, container)...)
	}
	return append(errs, validateResourceTarget(&src.Target, path.Child("target"))...)
}

func validateIdentifier(metric *autoscalingv2.MetricIdentifier, path *field.Path) field.ErrorList {
	return validateSegment(metric.Name, "must specify a metric name", path.Child("name"))
}

// validateResourceTarget checks that either a utilization or an average value
// is set.
func validateResourceTarget(target *autoscalingv2.MetricTarget, path *field.Path) field.ErrorList {
	errs := validateMetricTarget(target, path)
	switch utilization, average := target.AverageUtilization != nil, target.AverageValue != nil; {
	case !utilization && !average:
		errs = append(errs, field.Required(path.Child("averageUtilization"), "must set either a target raw value or a target utilization"))
	case utilization && average:
		errs = append(errs, field.Forbidden(path.Child("averageValue"), "may not set both a target raw value and a target utilization"))
	}
	return errs
}

// validateMetricTarget checks the rules that apply to the targets of all
// sources. The type does not have to match the value that is set.
func validateMetricTarget(target *autoscalingv2.MetricTarget, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	of := path.Child("type")
	if target.Type == "" {
		errs = append(errs, field.Required(of, "must specify a metric target type"))
	}
	switch target.Type {
	case autoscalingv2.UtilizationMetricType, autoscalingv2.ValueMetricType, autoscalingv2.AverageValueMetricType:
	default:
		errs = append(errs, field.Invalid(of, target.Type, "must be either Utilization, Value, or AverageValue"))
	}
	errs = append(errs, validatePositive(target.Value, path.Child("value"))...)
	errs = append(errs, validatePositive(target.AverageValue, path.Child("averageValue"))...)
	if percent := target.AverageUtilization; percent != nil && *percent < 1 {
		errs = append(errs, field.Invalid(path.Child("averageUtilization"), *percent, "must be greater than 0"))
	}
	return errs
}

func validatePositive(quantity *resource.Quantity, path *field.Path) field.ErrorList {
	if quantity == nil || quantity.Sign() > 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, quantity.String(), "must be positive")}
}
