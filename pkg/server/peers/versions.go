package peers

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// definedVersions returns the group versions that a CustomResourceDefinition serves.
func definedVersions(obj any) (versions []schema.GroupVersion) {
	definition, ok := obj.(*apiextensionsv1.CustomResourceDefinition)
	if !ok {
		return nil
	}
	for _, version := range definition.Spec.Versions {
		if version.Served {
			versions = append(versions, schema.GroupVersion{Group: definition.Spec.Group, Version: version.Name})
		}
	}
	return versions
}

// aggregatedVersions returns the group version of an APIService that another server serves.
func aggregatedVersions(obj any) []schema.GroupVersion {
	service, ok := obj.(*apiregistrationv1.APIService)
	if !ok || service.Spec.Service == nil {
		return nil
	}
	return []schema.GroupVersion{{Group: service.Spec.Group, Version: service.Spec.Version}}
}
