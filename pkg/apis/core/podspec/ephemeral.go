package podspec

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateEphemeralContainers checks the ephemeral containers, which users add
// to running pods for debugging. They may only refer to what the pod already
// has, like volumes and containers.
func (v *specValidator) validateEphemeralContainers(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	names, others := sets.Set[string]{}, sets.Set[string]{}
	for _, list := range [][]corev1.Container{v.spec.Containers, v.spec.InitContainers} {
		for i := range list {
			names.Insert(list[i].Name)
			others.Insert(list[i].Name)
		}
	}
	for i := range v.spec.EphemeralContainers {
		e, at := &v.spec.EphemeralContainers[i], p.Index(i)
		c := (*corev1.Container)(&e.EphemeralContainerCommon)
		errs = append(errs, v.validateCommon(c, at)...)
		if names.Has(c.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
		}
		names.Insert(c.Name)
		if e.TargetContainerName != "" && !others.Has(e.TargetContainerName) {
			errs = append(errs, field.NotFound(at.Child("targetContainerName"), e.TargetContainerName))
		}
		errs = append(errs, forbid(at, notEphemeral, []use{
			{"ports", len(c.Ports) > 0},
			{"resources", len(c.Resources.Limits)+len(c.Resources.Requests)+len(c.Resources.Claims) > 0},
			{"resizePolicy", len(c.ResizePolicy) > 0},
			{"restartPolicy", c.RestartPolicy != nil},
			{"restartPolicyRules", len(c.RestartPolicyRules) > 0},
			{"livenessProbe", c.LivenessProbe != nil},
			{"readinessProbe", c.ReadinessProbe != nil},
			{"startupProbe", c.StartupProbe != nil},
			{"lifecycle", c.Lifecycle != nil},
		})...)
		for j, m := range c.VolumeMounts {
			errs = append(errs, forbid(at.Child("volumeMounts").Index(j), notEphemeral, []use{
				{"subPath", m.SubPath != ""},
				{"subPathExpr", m.SubPathExpr != ""},
			})...)
		}
	}
	return errs
}

const notEphemeral = "cannot be set for an Ephemeral Container"
