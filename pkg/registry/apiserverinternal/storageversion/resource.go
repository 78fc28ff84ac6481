// Package storageversion defines storageversions, in which each API server reports
// the versions that it can decode and the one in which it stores (KEP-2339).
package storageversion

import (
	"fmt"
	"strings"

	apiserverinternalv1alpha1 "k8s.io/api/apiserverinternal/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *apiserverinternalv1alpha1.StorageVersion

// Resource defines storageversions. Only the status says something. Updates do
// not check the metadata, as those of kube-apiserver do not.
var Resource = &registry.Resource[object]{
	GVR:               apiserverinternalv1alpha1.SchemeGroupVersion.WithResource("storageversions"),
	Gate:              genericfeatures.StorageVersionAPI,
	Singular:          "storageversion",
	ClusterScoped:     true,
	New:               func() object { return &apiserverinternalv1alpha1.StorageVersion{} },
	NewList:           func() runtime.Object { return &apiserverinternalv1alpha1.StorageVersionList{} },
	ConditionalUpdate: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(v object) *apiserverinternalv1alpha1.StorageVersionSpec { return &v.Spec }),
		Status: registry.Part(func(v object) *apiserverinternalv1alpha1.StorageVersionStatus { return &v.Status }),
	},
	ValidateName: validateName,
	Hooks:        registry.Hooks[object]{OnUpdate: []registry.Rule{registry.Change}},
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks:    registry.Hooks[object]{OnUpdate: []registry.Rule{registry.Change}, ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepUserMetadata(),
	}},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "CommonEncodingVersion", Description: doc("commonEncodingVersion"),
			Cell: func(v object) any { return ptr.Deref(v.Status.CommonEncodingVersion, "<unset>") }},
		{Name: "StorageVersions", Description: doc("storageVersions"), Cell: encodings},
		registry.AgeColumn[object](),
	},
}

func doc(name string) string {
	return registry.Doc(apiserverinternalv1alpha1.StorageVersionStatus{}, name)
}

// encodings lists the version in which each server stores, such as
// "server-1=apps/v1,server-2=apps/v1".
func encodings(v object) any {
	if len(v.Status.StorageVersions) == 0 {
		return "<unset>"
	}
	var servers []string
	for _, server := range v.Status.StorageVersions {
		servers = append(servers, fmt.Sprintf("%s=%s", server.APIServerID, server.EncodingVersion))
	}
	return strings.Join(servers, ",")
}
