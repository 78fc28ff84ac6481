package registry

import (
	"context"
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/operation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// TestDeclarativeValidation merges what a hook finds with what the generated
// validation finds.
func TestDeclarativeValidation(t *testing.T) {
	data, other := field.NewPath("data"), field.NewPath("immutable")
	required := func() *field.Error { return field.Required(data, "by a tag") }
	for _, tt := range []struct {
		name            string
		hook, generated field.ErrorList
		want            []string
	}{
		{"nothing", nil, nil, nil},
		{"only a tag", nil, field.ErrorList{required()}, []string{"data: Required value: by a tag"}},
		{"a tag that is enforced by a gate", nil, field.ErrorList{required().MarkBeta()}, []string{"data: Required value: by a tag"}},
		{"a tag that is not enforced", nil, field.ErrorList{required().MarkAlpha()}, nil},
		{"a hook and a tag", field.ErrorList{field.Required(data, "by a hook")}, field.ErrorList{required()}, []string{"data: Required value: by a hook"}},
		{"errors of another field", field.ErrorList{field.Required(other, "by a hook")}, field.ErrorList{required()},
			[]string{"immutable: Required value: by a hook", "data: Required value: by a tag"}},
		{"errors of another type", field.ErrorList{field.Forbidden(data, "by a hook")}, field.ErrorList{required()},
			[]string{"data: Forbidden: by a hook", "data: Required value: by a tag"}},
		{"rules with the same origin", field.ErrorList{field.Invalid(data, 1, "by a hook").WithOrigin("minimum")},
			field.ErrorList{field.Invalid(data, 1, "by a tag").WithOrigin("minimum")}, []string{"data: Invalid value: 1: by a hook"}},
		{"rules with different origins", field.ErrorList{field.Invalid(data, 1, "by a hook").WithOrigin("format")},
			field.ErrorList{field.Invalid(data, 1, "by a tag").WithOrigin("immutable")},
			[]string{"data: Invalid value: 1: by a hook", "data: Invalid value: 1: by a tag"}},
		{"the same error twice", field.ErrorList{field.Required(data, "by a hook"), field.Required(data, "by a hook")}, nil,
			[]string{"data: Required value: by a hook", "data: Required value: by a hook"}},
		{"an internal error", nil, field.ErrorList{field.InternalError(data, errors.New("broken"))}, []string{"data: Internal error: broken"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			deps, r := memory(t), sample()
			deps.Scheme.AddValidationFunc(&corev1.ConfigMap{}, func(context.Context, operation.Operation, any, any) field.ErrorList { return tt.generated })
			s := r.strategy(deps.Scheme, r.facet(""))
			ctx := genericapirequest.WithRequestInfo(t.Context(), &genericapirequest.RequestInfo{APIVersion: "v1", Resource: "configmaps"})
			for _, op := range []operation.Type{operation.Create, operation.Update} {
				var old runtime.Object
				if op == operation.Update {
					old = configMap("a", "red")
				}
				object := configMap("a", "blue")
				errs := s.ValidateDeclaratively(ctx, object, old, slices.Clone(tt.hook), op, s.DeclarativeValidationConfig(ctx, object, old))
				var got []string
				for _, err := range errs {
					got = append(got, err.Error())
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("%v: %q, want %q", op, got, tt.want)
				}
			}
		})
	}
}

// TestManyErrors: of very many mistakes the first are reported.
func TestManyErrors(t *testing.T) {
	deps, r := memory(t), sample()
	many := make(field.ErrorList, 50_000)
	for i := range many {
		many[i] = field.Required(field.NewPath("data").Index(i), "")
	}
	r.Hooks.Validate = func(context.Context, *corev1.ConfigMap) field.ErrorList { return many }
	deps.Scheme.AddValidationFunc(&corev1.ConfigMap{}, func(context.Context, operation.Operation, any, any) field.ErrorList { return many })
	s := r.strategy(deps.Scheme, r.facet(""))
	ctx := genericapirequest.WithRequestInfo(t.Context(), &genericapirequest.RequestInfo{APIVersion: "v1", Resource: "configmaps"})
	object := configMap("a", "red")
	errs := s.Validate(ctx, object)
	if len(errs) != maxErrors {
		t.Errorf("%d errors", len(errs))
	}
	errs = s.ValidateDeclaratively(ctx, object, nil, errs, operation.Create, s.DeclarativeValidationConfig(ctx, object, nil))
	if len(errs) != maxErrors || errs[0] != many[0] {
		t.Errorf("%d errors with those of the tags", len(errs))
	}
}
