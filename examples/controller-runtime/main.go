// Command controller-runtime runs the operator of the example in the cluster of the current kubeconfig.
package main

import (
	"log"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/operator"
)

func main() {
	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{Scheme: operator.NewScheme()})
	if err != nil {
		log.Fatal(err)
	}
	if err := operator.AddTo(manager); err != nil {
		log.Fatal(err)
	}
	if err := manager.Start(ctrl.SetupSignalHandler()); err != nil {
		log.Fatal(err)
	}
}
