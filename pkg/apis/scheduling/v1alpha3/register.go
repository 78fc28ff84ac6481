package v1alpha3

import "k8s.io/apimachinery/pkg/runtime"

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults)

	// AddToScheme registers the defaults, the declarative validation and the
	// conversions.
	AddToScheme = localSchemeBuilder.AddToScheme
)
