package v1

import "k8s.io/apimachinery/pkg/runtime"

var (
	localSchemeBuilder = runtime.NewSchemeBuilder(RegisterDefaults)

	// AddToScheme registers the defaults and the declarative validation.
	AddToScheme = localSchemeBuilder.AddToScheme
)
