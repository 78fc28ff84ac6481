package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

var templatePath = specPath.Child("template")

func warningsOnCreate(_ context.Context, d *appsv1.Deployment) []string {
	return append(workload.WarnOfName(d.Name), pod.PodTemplateWarnings(&d.Spec.Template, templatePath)...)
}

func warningsOnUpdate(_ context.Context, d, old *appsv1.Deployment) []string {
	if d.Generation == old.Generation {
		return nil
	}
	return pod.PodTemplateWarnings(&d.Spec.Template, templatePath)
}
