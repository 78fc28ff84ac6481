package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/operation"
	"k8s.io/apimachinery/pkg/api/validate"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// ValidateDeclaratively implements rest.DeclarativeValidationStrategy: it adds
// to the errors of the hooks those of the validation that is generated from the
// types' tags (KEP-5073). Some rules are both in a hook and in a tag. Then the
// hook's error is reported, because its words are those of kube-apiserver v1.36.
//
// The library's own function is not used. It expects that a rule which is in
// both places is on its way from the hooks to the tags, marked as such: it logs
// every request for which the two do not find the same errors, and compares all
// of them with all others.
func (s strategy[T]) ValidateDeclaratively(ctx context.Context, obj, old runtime.Object, errs field.ErrorList, op operation.Type,
	config rest.DeclarativeValidationConfig) field.ErrorList {
	said := map[string][]*field.Error{} // by field
	for _, err := range errs {
		said[err.Field] = append(said[err.Field], err)
	}
	generated := s.validateTags(ctx, obj, old, op, config)
	for _, err := range validate.FilterEnforcedDeclarativeErrors(ctx, generated, features.Enabled(genericfeatures.DeclarativeValidationBeta)) {
		if !slices.ContainsFunc(said[err.Field], func(hook *field.Error) bool { return sameRule(hook, err) }) {
			errs = append(errs, err)
		}
	}
	return firstErrors(errs)
}

// sameRule reports whether a hook's error and a generated one of the same field
// are of the same rule. Origin tells rules of one field apart, where a hook names
// it.
func sameRule(hook, generated *field.Error) bool {
	return hook.Type == generated.Type && (hook.Origin == "" || hook.Origin == generated.Origin)
}

// validateTags returns what the generated validation finds in the version of the
// request.
func (s strategy[T]) validateTags(ctx context.Context, obj, old runtime.Object, op operation.Type, config rest.DeclarativeValidationConfig) field.ErrorList {
	info, ok := genericapirequest.RequestInfoFrom(ctx)
	if !ok {
		return field.ErrorList{field.InternalError(nil, fmt.Errorf("the context has no request info"))}
	}
	version := schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}
	versioned, err := s.ConvertToVersion(obj, version)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	var subresources []string
	if info.Subresource != "" {
		subresources = strings.Split(info.Subresource, "/")
	}
	if op == operation.Create {
		return s.Scheme.Validate(ctx, config.Options, versioned, subresources...)
	}
	before, err := s.ConvertToVersion(old, version)
	if err != nil {
		return field.ErrorList{field.InternalError(nil, err)}
	}
	return s.Scheme.ValidateUpdate(ctx, config.Options, versioned, before, subresources...)
}

// DeclarativeValidationConfig implements rest.DeclarativeValidationStrategy. It
// passes the zero object for the old one on create.
func (s strategy[T]) DeclarativeValidationConfig(_ context.Context, obj, old runtime.Object) rest.DeclarativeValidationConfig {
	f := s.resource.DeclarativeConfig
	if f == nil {
		return rest.DeclarativeValidationConfig{}
	}
	before, _ := old.(T)
	return f(obj.(T), before)
}
