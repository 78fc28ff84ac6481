// Package apiservice defines APIServices, which register the servers that serve
// API group versions.
package apiservice

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines apiservices.
var Resource = &registry.Resource[*apiregistrationv1.APIService]{
	GVR:               apiregistrationv1.SchemeGroupVersion.WithResource("apiservices"),
	Singular:          "apiservice",
	Categories:        []string{"api-extensions"},
	ClusterScoped:     true,
	Prefix:            "apiregistration.k8s.io/apiservices",
	ConditionalUpdate: true,
	New:               func() *apiregistrationv1.APIService { return &apiregistrationv1.APIService{} },
	NewList:           func() runtime.Object { return &apiregistrationv1.APIServiceList{} },
	StoredAsJSON:      true,
	Parts: registry.Parts[*apiregistrationv1.APIService]{
		Spec: registry.Part(func(service *apiregistrationv1.APIService) *apiregistrationv1.APIServiceSpec { return &service.Spec }),
		Status: registry.Part(func(service *apiregistrationv1.APIService) *apiregistrationv1.APIServiceStatus {
			return &service.Status
		}),
	},
	Hooks: registry.Hooks[*apiregistrationv1.APIService]{
		PrepareForCreate: prepareForCreate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
	},
	Facets: map[string]registry.Facet[*apiregistrationv1.APIService]{"status": {
		Hooks:    registry.Hooks[*apiregistrationv1.APIService]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepUserMetadata(),
	}},
	Columns: []registry.Column[*apiregistrationv1.APIService]{
		registry.NameColumn[*apiregistrationv1.APIService](),
		{Name: "Service", Description: "The reference to the service that hosts this API endpoint.", Cell: serviceCell},
		{Name: "Available", Description: "Whether this service is available.", Cell: availableCell},
		registry.AgeColumn[*apiregistrationv1.APIService](),
	},
}

// prepareForCreate sets the condition Available for group versions that this
// server serves itself.
func prepareForCreate(_ context.Context, service *apiregistrationv1.APIService) {
	if service.Spec.Service == nil {
		helper.SetAPIServiceCondition(service, helper.NewLocalAvailableAPIServiceCondition())
	}
}

func serviceCell(service *apiregistrationv1.APIService) any {
	if s := service.Spec.Service; s != nil {
		return s.Namespace + "/" + s.Name
	}
	return "Local"
}

func availableCell(service *apiregistrationv1.APIService) any {
	condition := helper.GetAPIServiceConditionByType(service, apiregistrationv1.Available)
	switch {
	case condition == nil:
		return string(apiregistrationv1.ConditionUnknown)
	case condition.Status != apiregistrationv1.ConditionTrue && condition.Reason != "":
		return fmt.Sprintf("%s (%s)", condition.Status, condition.Reason)
	}
	return string(condition.Status)
}
