package apiextensions

import (
	"fmt"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// Scheme has the types of apiextensions.k8s.io. In contrast to the library's, it
// unpacks packed schemas when it converts a definition.
var Scheme = newScheme()

// Codecs encodes and decodes the types of Scheme.
var Codecs = serializer.NewCodecFactory(Scheme)

func newScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	install.Install(s)
	unversioned := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(s, unversioned)
	s.AddUnversionedTypes(unversioned, &metav1.Status{}, &metav1.WatchEvent{}, &metav1.APIVersions{}, &metav1.APIGroupList{},
		&metav1.APIGroup{}, &metav1.APIResourceList{})
	for _, c := range []struct {
		from, to any
		convert  conversion.ConversionFunc
	}{
		{(*internal.CustomResourceDefinition)(nil), (*apiextensionsv1.CustomResourceDefinition)(nil), converter(toV1)},
		{(*internal.CustomResourceDefinitionList)(nil), (*apiextensionsv1.CustomResourceDefinitionList)(nil), converter(listToV1)},
		{(*internal.CustomResourceDefinition)(nil), (*apiextensionsv1beta1.CustomResourceDefinition)(nil), converter(toV1beta1)},
		{(*internal.CustomResourceDefinitionList)(nil), (*apiextensionsv1beta1.CustomResourceDefinitionList)(nil), converter(listToV1beta1)},
	} {
		utilruntime.Must(s.AddConversionFunc(c.from, c.to, c.convert))
	}
	return s
}

// converter returns a typed conversion in the form in which a Scheme wants it.
func converter[In, Out any](convert func(In, Out, conversion.Scope) error) conversion.ConversionFunc {
	return func(in, out any, s conversion.Scope) error {
		from, ok := in.(In)
		to, ok2 := out.(Out)
		if !ok || !ok2 {
			return fmt.Errorf("cannot convert a %T to a %T", in, out)
		}
		return convert(from, to, s)
	}
}

// toV1 converts a definition. Packed schemas are of version v1 already.
func toV1(in *internal.CustomResourceDefinition, out *apiextensionsv1.CustomResourceDefinition, s conversion.Scope) error {
	if !hasPacked(in) {
		return apiextensionsv1.Convert_apiextensions_CustomResourceDefinition_To_v1_CustomResourceDefinition(in, out, s)
	}
	if err := apiextensionsv1.Convert_apiextensions_CustomResourceDefinition_To_v1_CustomResourceDefinition(withoutSchemas(in), out, s); err != nil {
		return err
	}
	for i, v := range in.Spec.Versions {
		schema, err := schemaToV1(v.Schema, s)
		if err != nil {
			return err
		}
		out.Spec.Versions[i].Schema = schema
	}
	if in.Spec.Validation == nil {
		return nil
	}
	common, err := schemaToV1(in.Spec.Validation, s)
	for i := range out.Spec.Versions {
		out.Spec.Versions[i].Schema = common
	}
	return err
}

func schemaToV1(in *internal.CustomResourceValidation, s conversion.Scope) (*apiextensionsv1.CustomResourceValidation, error) {
	switch {
	case in == nil:
		return nil, nil
	case isPacked(in):
		return unpack(in)
	}
	out := &apiextensionsv1.CustomResourceValidation{}
	return out, apiextensionsv1.Convert_apiextensions_CustomResourceValidation_To_v1_CustomResourceValidation(in, out, s)
}

func listToV1(in *internal.CustomResourceDefinitionList, out *apiextensionsv1.CustomResourceDefinitionList, s conversion.Scope) error {
	out.ListMeta = in.ListMeta
	if in.Items == nil {
		out.Items = nil
		return nil
	}
	out.Items = make([]apiextensionsv1.CustomResourceDefinition, len(in.Items))
	for i := range in.Items {
		if err := toV1(&in.Items[i], &out.Items[i], s); err != nil {
			return err
		}
	}
	return nil
}

// toV1beta1 converts a definition to the form in which it is stored.
func toV1beta1(in *internal.CustomResourceDefinition, out *apiextensionsv1beta1.CustomResourceDefinition, s conversion.Scope) error {
	full, err := unpacked(in)
	if err != nil {
		return err
	}
	return apiextensionsv1beta1.Convert_apiextensions_CustomResourceDefinition_To_v1beta1_CustomResourceDefinition(full, out, s)
}

func listToV1beta1(in *internal.CustomResourceDefinitionList, out *apiextensionsv1beta1.CustomResourceDefinitionList, s conversion.Scope) error {
	full := *in
	full.Items = make([]internal.CustomResourceDefinition, len(in.Items))
	for i := range in.Items {
		item, err := unpacked(&in.Items[i])
		if err != nil {
			return err
		}
		full.Items[i] = *item
	}
	return apiextensionsv1beta1.Convert_apiextensions_CustomResourceDefinitionList_To_v1beta1_CustomResourceDefinitionList(&full, out, s)
}
