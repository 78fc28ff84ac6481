// Package groups lists the built-in API groups of the server.
package groups

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiextensions"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiregistration"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apiserverinternal"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/tokenreview"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/batch"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/coordination"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/discovery"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/events"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/flowcontrol"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/lifecycle"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/networking"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/node"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/policy"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/resourceclaim"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storage"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/storagemigration"
)

// Needs contains what the storage of some groups depends on. Its zero value is
// sufficient to list the groups and their resources.
type Needs struct {
	Core           core.Needs
	Authentication tokenreview.Needs
	Authorization  authorization.Needs
	RBAC           guard.Needs
	Params         params.Needs
	Resource       resourceclaim.Needs
}

// All returns the groups in the order in which discovery lists them.
func All(needs Needs) []registry.Group {
	coreGroup, coreEvents := core.Group(needs.Core)
	return []registry.Group{
		coreGroup,
		apiregistration.Group(),
		apps.Group(),
		events.Group(coreEvents),
		authentication.Group(needs.Authentication),
		authorization.Group(needs.Authorization),
		autoscaling.Group(),
		batch.Group(),
		certificates.Group(),
		networking.Group(),
		policy.Group(),
		rbac.Group(needs.RBAC),
		storage.Group(),
		admissionregistration.Group(needs.Params),
		apiextensions.Group(),
		scheduling.Group(),
		coordination.Group(),
		node.Group(),
		discovery.Group(),
		resource.Group(needs.Resource),
		flowcontrol.Group(),
		apiserverinternal.Group(),
		storagemigration.Group(),
		lifecycle.Group(),
	}
}
