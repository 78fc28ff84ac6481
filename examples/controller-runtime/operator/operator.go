// Package operator is the example's operator: a reconciler of sites, and the
// webhooks that check them.
package operator

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"

	examplev1 "github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/api/v1"
)

// NewScheme returns a scheme with the types that the operator uses.
func NewScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(scheme.AddToScheme(s))
	utilruntime.Must(examplev1.AddToScheme(s))
	return s
}

// AddTo adds the reconciler and the webhooks to a manager.
func AddTo(manager ctrl.Manager) error {
	err := ctrl.NewControllerManagedBy(manager).
		For(&examplev1.Site{}).
		Owns(&corev1.ConfigMap{}).
		Complete(&reconciler{manager.GetClient(), manager.GetAPIReader()})
	if err != nil {
		return err
	}
	return ctrl.NewWebhookManagedBy(manager, &examplev1.Site{}).
		WithDefaulter(hooks{}).
		WithValidator(hooks{}).
		Complete()
}
