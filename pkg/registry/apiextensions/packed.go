package apiextensions

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// A decoded schema takes a hundred times the memory of its compressed encoding: an
// object of 600 bytes for each field, whatever the field says. Of the definitions in
// the watch cache most are rarely read, so they contain packed schemas there. A packed
// schema is a schema that has nothing but a type that no schema can have, packedType,
// and the encoding as its description. The conversions of Scheme unpack it.

// packedType is the type of a packed schema. It is no valid UTF-8, so that it cannot
// come from a decoded text.
const packedType = "\xffpacked"

var errNotPacked = errors.New("the schema is not packed")

func isPacked(schema *internal.CustomResourceValidation) bool {
	return schema != nil && schema.OpenAPIV3Schema != nil && schema.OpenAPIV3Schema.Type == packedType
}

// pack returns the packed form of a schema, which may be nil or packed already.
func pack(schema *internal.CustomResourceValidation) (*internal.CustomResourceValidation, error) {
	if schema == nil || schema.OpenAPIV3Schema == nil || isPacked(schema) {
		return schema, nil
	}
	v1 := &apiextensionsv1.CustomResourceValidation{}
	if err := apiextensionsv1.Convert_apiextensions_CustomResourceValidation_To_v1_CustomResourceValidation(schema, v1, nil); err != nil {
		return nil, fmt.Errorf("pack a schema: %w", err)
	}
	encoded, err := v1.Marshal()
	if err != nil {
		return nil, fmt.Errorf("pack a schema: %w", err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return nil, fmt.Errorf("pack a schema: %w", err)
	}
	if _, err = w.Write(encoded); err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack a schema: %w", err)
	}
	return &internal.CustomResourceValidation{OpenAPIV3Schema: &internal.JSONSchemaProps{Type: packedType, Description: packed.String()}}, nil
}

// unpack returns the schema of which pack has made the packed one, in version v1.
func unpack(schema *internal.CustomResourceValidation) (*apiextensionsv1.CustomResourceValidation, error) {
	if !isPacked(schema) {
		return nil, errNotPacked
	}
	encoded, err := io.ReadAll(flate.NewReader(bytes.NewReader([]byte(schema.OpenAPIV3Schema.Description))))
	if err != nil {
		return nil, fmt.Errorf("unpack a schema: %w", err)
	}
	v1 := &apiextensionsv1.CustomResourceValidation{}
	if err := v1.Unmarshal(encoded); err != nil {
		return nil, fmt.Errorf("unpack a schema: %w", err)
	}
	return v1, nil
}

// packSpec packs all schemas of a spec, whose versions it must own.
func packSpec(spec *internal.CustomResourceDefinitionSpec) error {
	for _, field := range schemasOf(spec) {
		packed, err := pack(*field)
		if err != nil {
			return err
		}
		*field = packed
	}
	return nil
}

// hasPacked reports whether any schema of a definition is packed.
func hasPacked(crd *internal.CustomResourceDefinition) bool {
	for _, field := range schemasOf(&crd.Spec) {
		if isPacked(*field) {
			return true
		}
	}
	return false
}

// unpacked returns a definition without packed schemas. This is the definition itself
// if it has none, and else a copy, which shares everything but its schemas with it.
func unpacked(crd *internal.CustomResourceDefinition) (*internal.CustomResourceDefinition, error) {
	if !hasPacked(crd) {
		return crd, nil
	}
	full := *crd
	full.Spec.Versions = append([]internal.CustomResourceDefinitionVersion(nil), crd.Spec.Versions...)
	for _, field := range schemasOf(&full.Spec) {
		if !isPacked(*field) {
			continue
		}
		v1, err := unpack(*field)
		if err != nil {
			return nil, err
		}
		schema := &internal.CustomResourceValidation{}
		if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v1, schema, nil); err != nil {
			return nil, fmt.Errorf("unpack a schema: %w", err)
		}
		*field = schema
	}
	return &full, nil
}

// Summary returns a definition in version v1 without its schemas and managed fields,
// which is all that a list of the definitions has to keep in memory.
func Summary(crd *internal.CustomResourceDefinition) (*apiextensionsv1.CustomResourceDefinition, error) {
	bare := withoutSchemas(crd)
	bare.ManagedFields = nil
	summary := &apiextensionsv1.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_apiextensions_CustomResourceDefinition_To_v1_CustomResourceDefinition(bare, summary, nil); err != nil {
		return nil, err
	}
	return summary, nil
}

// withoutSchemas returns a copy of a definition without schemas. It shares everything
// else with the definition, except for the list of the versions.
func withoutSchemas(crd *internal.CustomResourceDefinition) *internal.CustomResourceDefinition {
	bare := *crd
	bare.Spec.Versions = append([]internal.CustomResourceDefinitionVersion(nil), crd.Spec.Versions...)
	for _, field := range schemasOf(&bare.Spec) {
		*field = nil
	}
	return &bare
}
