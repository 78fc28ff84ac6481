// Package manifests reads the webhooks and policies that are files (KEP-5793) for
// the plugins of k8s.io/apiserver. They are decoded, defaulted and validated as the
// objects of the API are.
package manifests

import (
	"context"
	"errors"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/admission/initializer"
	policyloader "k8s.io/apiserver/pkg/admission/plugin/policy/manifest/loader"
	webhookloader "k8s.io/apiserver/pkg/admission/plugin/webhook/manifest/loader"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingadmissionpolicy"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingadmissionpolicybinding"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/validatingwebhookconfiguration"
)

// Loaders returns the functions that read a directory for each plugin.
func Loaders() *initializer.ManifestLoaders {
	return &initializer.ManifestLoaders{
		LoadValidatingWebhookManifests: func(dir string) ([]*admissionregistrationv1.ValidatingWebhookConfiguration, string, error) {
			return webhookloader.LoadManifests(dir, decoder(), accept("ValidatingWebhookConfiguration", validatingwebhookconfiguration.Resource))
		},
		LoadMutatingWebhookManifests: func(dir string) ([]*admissionregistrationv1.MutatingWebhookConfiguration, string, error) {
			return webhookloader.LoadManifests(dir, decoder(), accept("MutatingWebhookConfiguration", mutatingwebhookconfiguration.Resource))
		},
		LoadValidatingPolicyManifests: func(dir string) ([]*admissionregistrationv1.ValidatingAdmissionPolicy,
			[]*admissionregistrationv1.ValidatingAdmissionPolicyBinding, string, error) {
			return policyloader.LoadPolicyManifests(dir, decoder(),
				acceptPart("ValidatingAdmissionPolicy", validatingadmissionpolicy.New(params.Needs{})),
				acceptPart("ValidatingAdmissionPolicyBinding", validatingadmissionpolicybinding.New(params.Needs{})),
				func(b *admissionregistrationv1.ValidatingAdmissionPolicyBinding) string { return b.Spec.PolicyName })
		},
		LoadMutatingPolicyManifests: func(dir string) ([]*admissionregistrationv1.MutatingAdmissionPolicy,
			[]*admissionregistrationv1.MutatingAdmissionPolicyBinding, string, error) {
			return policyloader.LoadPolicyManifests(dir, decoder(),
				acceptPart("MutatingAdmissionPolicy", mutatingadmissionpolicy.New(params.Needs{})),
				acceptPart("MutatingAdmissionPolicyBinding", mutatingadmissionpolicybinding.New(params.Needs{})),
				func(b *admissionregistrationv1.MutatingAdmissionPolicyBinding) string { return b.Spec.PolicyName })
		},
	}
}

// lists decodes a list of objects of several kinds to the type that the library
// expects, which is not the registered one.
type lists struct{ runtime.Decoder }

// decoder refuses unknown fields and other versions than v1, and sets defaults.
func decoder() runtime.Decoder {
	return lists{serializer.NewCodecFactory(apis.Scheme, serializer.EnableStrict).UniversalDecoder(
		admissionregistrationv1.SchemeGroupVersion, corev1.SchemeGroupVersion)}
}

// Decode implements runtime.Decoder.
func (l lists) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	obj, kind, err := l.Decoder.Decode(data, defaults, into)
	if list, ok := obj.(*corev1.List); ok {
		obj = (*metav1.List)(list)
	}
	return obj, kind, err
}

// accept returns a function that returns the valid object of a kind, or the objects
// of its list.
func accept[T registry.Object](kind string, r *registry.Resource[T]) webhookloader.AcceptObjectFunc[T] {
	return func(obj runtime.Object) ([]T, error) {
		found, err := acceptPart(kind, r)(obj)
		if errors.Is(err, policyloader.ErrUnrecognizedType) {
			return nil, fmt.Errorf("unsupported resource type %T", obj)
		}
		return found, err
	}
}

// acceptPart is accept for a directory with objects of two kinds: for another kind
// the function returns ErrUnrecognizedType.
func acceptPart[T registry.Object](kind string, r *registry.Resource[T]) policyloader.AcceptObjectFunc[T] {
	return func(obj runtime.Object) (valid []T, err error) {
		items := []runtime.Object{obj}
		if meta.IsListType(obj) {
			if items, err = meta.ExtractList(obj); err != nil {
				return nil, err
			}
		}
		for _, item := range items {
			t, ok := item.(T)
			if !ok {
				return nil, policyloader.ErrUnrecognizedType
			}
			errs := r.ValidateNew(context.Background(), t)
			if len(errs) == 0 {
				errs = apis.Scheme.Validate(context.Background(), nil, t)
			}
			if len(errs) > 0 {
				return nil, fmt.Errorf("%s %q: %w", kind, t.GetName(), errs.ToAggregate())
			}
			valid = append(valid, t)
		}
		return valid, nil
	}
}
