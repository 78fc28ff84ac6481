package v1

import "k8s.io/apimachinery/pkg/runtime"

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults)

	// AddToScheme registers the defaults, the declarative validation and the
	// conversions from and to autoscaling/v2.
	AddToScheme = localSchemeBuilder.AddToScheme
)
