// Package loops lists the controllers: those of kube-controller-manager's loops
// that the server can run itself.
package loops

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/clusterroleaggregation"
)

// All returns all controllers.
func All() controllers.List {
	return controllers.List{
		clusterroleaggregation.Controller(),
	}
}
