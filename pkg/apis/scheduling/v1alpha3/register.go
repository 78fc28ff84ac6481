package v1alpha3

import "k8s.io/apimachinery/pkg/runtime"

var (
	localSchemeBuilder = runtime.NewSchemeBuilder()

	// AddToScheme registers the declarative validation.
	AddToScheme = localSchemeBuilder.AddToScheme
)
