package apiservice

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/validation"
)

// The library validates its internal type, so that objects have to be converted
// before.

func validate(ctx context.Context, service *apiregistrationv1.APIService) field.ErrorList {
	in, err := internal(service)
	if err != nil {
		return err
	}
	return validation.ValidateAPIService(ctx, in)
}

func validateUpdate(ctx context.Context, service, old *apiregistrationv1.APIService) field.ErrorList {
	return update(ctx, service, old, validation.ValidateAPIServiceUpdate)
}

func validateStatusUpdate(ctx context.Context, service, old *apiregistrationv1.APIService) field.ErrorList {
	return update(ctx, service, old, validation.ValidateAPIServiceStatusUpdate)
}

func update(ctx context.Context, service, old *apiregistrationv1.APIService,
	validate func(ctx context.Context, service, old *apiregistration.APIService) field.ErrorList) field.ErrorList {
	in, err := internal(service)
	if err != nil {
		return err
	}
	before, err := internal(old)
	if err != nil {
		return err
	}
	return validate(ctx, in, before)
}

// internal converts an APIService to the internal type. The result does not
// share memory with it, so that the validation cannot change the original.
func internal(service *apiregistrationv1.APIService) (*apiregistration.APIService, field.ErrorList) {
	out := &apiregistration.APIService{}
	if err := apiregistrationv1.Convert_v1_APIService_To_apiregistration_APIService(service.DeepCopy(), out, nil); err != nil {
		return nil, field.ErrorList{field.InternalError(nil, err)}
	}
	return out, nil
}
