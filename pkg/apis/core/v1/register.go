package v1

import "k8s.io/apimachinery/pkg/runtime"

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults, RegisterQueryConversions)

	// AddToScheme registers the defaults, the conversions and the declarative validation.
	AddToScheme = localSchemeBuilder.AddToScheme
)
