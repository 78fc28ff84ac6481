// Package groups lists the API groups that the server has built in.
package groups

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiregistration"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/coordination"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/discovery"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/events"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/flowcontrol"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling"
)

// All returns the groups in the order of discovery.
func All() []registry.Group {
	return []registry.Group{
		core.Group,
		apiregistration.Group,
		apps.Group,
		events.Group,
		authentication.Group,
		authorization.Group,
		autoscaling.Group,
		networking.Group,
		rbac.Group,
		apiextensions.Group,
		scheduling.Group,
		coordination.Group,
		discovery.Group,
		flowcontrol.Group,
	}
}
