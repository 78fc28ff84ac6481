// Package certificatesigningrequest defines requests for certificates, which
// somebody approves and a signer answers.
package certificatesigningrequest

import (
	"context"

	certificatesv1 "k8s.io/api/certificates/v1"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *certificatesv1.CertificateSigningRequest

// Resource defines certificatesigningrequests. The subresource "approval" writes
// the conditions, and "status" the certificate and all conditions but Approved
// and Denied. What each of them may not write is kept.
var Resource = &registry.Resource[object]{
	GVR:           certificatesv1.SchemeGroupVersion.WithResource("certificatesigningrequests"),
	Singular:      "certificatesigningrequest",
	ShortNames:    []string{"csr"},
	ClusterScoped: true,
	New:           func() object { return &certificatesv1.CertificateSigningRequest{} },
	NewList:       func() runtime.Object { return &certificatesv1.CertificateSigningRequestList{} },
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(r object) *certificatesv1.CertificateSigningRequestSpec { return &r.Spec }),
		Status: registry.Part(func(r object) *certificatesv1.CertificateSigningRequestStatus { return &r.Status }),
	},
	ValidateName: pathvalidation.ValidatePathSegmentName,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: setRequester,
		PrepareForUpdate: func(_ context.Context, r, old object) { r.Spec = old.Spec },
		Resets:           []string{"spec"},
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.Metadata, registry.MetadataChange},
	},
	Facets: map[string]registry.Facet[object]{
		"status": {Hooks: registry.Hooks[object]{
			PrepareForUpdate: prepareStatus,
			Resets:           []string{"status.conditions"},
			OnUpdate:         statusRules,
			ValidateUpdate:   validateStatusUpdate,
		}},
		"approval": {WritesStatus: true, Hooks: registry.Hooks[object]{
			PrepareForUpdate: prepareApproval,
			Resets:           []string{"status.certificate"},
			OnUpdate:         statusRules,
			ValidateUpdate:   validateApprovalUpdate,
		}},
	},
	Fields:  []registry.Field[object]{{Name: "spec.signerName", Value: func(r object) string { return r.Spec.SignerName }}},
	Columns: columns,
}

// statusRules are the rules for both subresources.
var statusRules = []registry.Rule{registry.Metadata, registry.Change, registry.MetadataChange}

// setRequester writes who sends the request into it, whatever the client says.
func setRequester(ctx context.Context, r object) {
	spec := &r.Spec
	spec.Username, spec.UID, spec.Groups, spec.Extra = "", "", nil, nil
	caller, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return
	}
	spec.Username, spec.UID, spec.Groups = caller.GetName(), caller.GetUID(), caller.GetGroups()
	if extra := caller.GetExtra(); len(extra) > 0 {
		spec.Extra = make(map[string]certificatesv1.ExtraValue, len(extra))
		for key, values := range extra {
			spec.Extra[key] = values
		}
	}
}
