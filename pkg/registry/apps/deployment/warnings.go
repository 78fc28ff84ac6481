package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

func warningsOnCreate(_ context.Context, d *appsv1.Deployment) []string {
	return append(workload.WarnOfName(d.Name), workload.WarnOfTemplate(&d.Spec.Template, nil)...)
}

func warningsOnUpdate(_ context.Context, d, old *appsv1.Deployment) []string {
	if d.Generation == old.Generation {
		return nil
	}
	return workload.WarnOfTemplate(&d.Spec.Template, &old.Spec.Template)
}
