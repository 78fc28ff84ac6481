package v1

import "k8s.io/apimachinery/pkg/runtime"

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults, addHub, addConversions)

	// AddToScheme registers the defaults, the declarative validation and the
	// conversions from and to the events of the core group.
	AddToScheme = localSchemeBuilder.AddToScheme
)
