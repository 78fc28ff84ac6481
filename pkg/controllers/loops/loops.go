// Package loops lists the controllers of kube-controller-manager that this
// server can run.
package loops

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/clusterroleaggregation"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/garbagecollector"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/namespace"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/resourcequota"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/validatingadmissionpolicystatus"
)

// All returns all controllers.
func All() controllers.List {
	return controllers.List{
		clusterroleaggregation.Controller(),
		garbagecollector.Controller(),
		namespace.Controller(),
		resourcequota.Controller(),
		serviceaccount.Controller(),
		validatingadmissionpolicystatus.Controller(),
	}
}
