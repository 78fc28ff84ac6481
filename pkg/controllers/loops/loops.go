// Package loops lists the controllers of kube-controller-manager that this
// server can run.
package loops

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/bootstrapsigner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/clusterroleaggregation"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrapproving"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrcleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrsigning"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/disruption"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpoints"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpointslice"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpointslicemirroring"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/garbagecollector"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/legacytokencleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/namespace"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/podcertificatecleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/podgc"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/pvcprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/pvprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/resourcequota"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/rootca"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccounttoken"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/tokencleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/trustbundle"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/ttlafterfinished"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/validatingadmissionpolicystatus"
)

// All returns all controllers.
func All() controllers.List {
	return controllers.List{
		bootstrapsigner.Controller(),
		clusterroleaggregation.Controller(),
		csrapproving.Controller(),
		csrcleaner.Controller(),
		csrsigning.Controller(),
		disruption.Controller(),
		endpoints.Controller(),
		endpointslice.Controller(),
		endpointslicemirroring.Controller(),
		garbagecollector.Controller(),
		legacytokencleaner.Controller(),
		namespace.Controller(),
		podcertificatecleaner.Controller(),
		podgc.Controller(),
		pvcprotection.Controller(),
		pvprotection.Controller(),
		resourcequota.Controller(),
		rootca.Controller(),
		serviceaccount.Controller(),
		serviceaccounttoken.Controller(),
		tokencleaner.Controller(),
		trustbundle.Controller(),
		ttlafterfinished.Controller(),
		validatingadmissionpolicystatus.Controller(),
	}
}
