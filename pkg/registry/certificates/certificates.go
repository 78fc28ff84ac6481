// Package certificates lists the resources of certificates.k8s.io.
package certificates

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates/certificatesigningrequest"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates/clustertrustbundle"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates/podcertificaterequest"
)

// Group returns certificates.k8s.io.
func Group() registry.Group {
	return registry.Group{
		Name:     "certificates.k8s.io",
		Priority: 17300,
		Versions: []registry.Version{{Name: "v1"}, {Name: "v1beta1"}, {Name: "v1alpha1"}},
		Resources: []registry.Definition{
			certificatesigningrequest.Resource,
			clustertrustbundle.Resource,
			podcertificaterequest.Resource,
		},
	}
}
