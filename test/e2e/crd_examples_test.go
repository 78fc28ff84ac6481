package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// exampleOf generates a small valid object for a schema, and one that is
// invalid because its first field has the wrong type.
func exampleOf(crd *apiextensionsv1.CustomResourceDefinition, v apiextensionsv1.CustomResourceDefinitionVersion) (valid, wrong *unstructured.Unstructured) {
	root := v.Schema.OpenAPIV3Schema
	content := map[string]any{}
	for name, props := range root.Properties {
		if name == "spec" || slices.Contains(root.Required, name) {
			content[name] = generate(props)
		}
	}
	override(content, examples[crd.Spec.Names.Kind])
	meta := func(name string) map[string]any {
		return map[string]any{"apiVersion": crd.Spec.Group + "/" + v.Name, "kind": crd.Spec.Names.Kind, "metadata": map[string]any{"name": name}}
	}
	valid, wrong = &unstructured.Unstructured{Object: meta("example-" + v.Name)}, &unstructured.Unstructured{Object: meta("wrong-" + v.Name)}
	override(valid.Object, content)
	override(wrong.Object, content)
	for name, props := range root.Properties {
		if name == "apiVersion" || name == "kind" || name == "metadata" || props.Type == "" {
			continue
		}
		if props.Type == "string" {
			wrong.Object[name] = map[string]any{}
		} else {
			wrong.Object[name] = "text"
		}
	}
	return valid, wrong
}

// generate returns a value that contains only the required fields.
func generate(props apiextensionsv1.JSONSchemaProps) (value any) {
	if props.Default != nil && json.Unmarshal(props.Default.Raw, &value) == nil {
		return value
	}
	if len(props.Enum) > 0 && json.Unmarshal(props.Enum[0].Raw, &value) == nil {
		return value
	}
	switch props.Type {
	case "string":
		return generateString(props)
	case "boolean":
		return true
	case "integer", "number":
		if props.Minimum != nil {
			return int64(*props.Minimum)
		}
		return int64(1)
	case "array":
		list := []any{}
		for props.MinItems != nil && int64(len(list)) < *props.MinItems {
			list = append(list, generate(*props.Items.Schema))
		}
		return list
	case "object":
		object := map[string]any{}
		for _, name := range props.Required {
			object[name] = generate(props.Properties[name])
		}
		if props.MinProperties != nil && len(object) == 0 && props.AdditionalProperties != nil {
			object["key"] = generate(*props.AdditionalProperties.Schema)
		}
		return object
	}
	return int64(1)
}

func generateString(props apiextensionsv1.JSONSchemaProps) string {
	switch props.Format {
	case "date-time":
		return "2026-01-02T03:04:05Z"
	case "byte":
		return "YQ=="
	}
	for _, candidate := range []string{"a", "a/v1", "a.example.com/a"} {
		if props.MinLength != nil {
			candidate += strings.Repeat("a", max(0, int(*props.MinLength)-len(candidate)))
		}
		if matches, err := regexp.MatchString(props.Pattern, candidate); err == nil && matches {
			return candidate
		}
	}
	return "a"
}

// override sets fields of an object, also in nested objects; nil deletes a
// field.
func override(object, with map[string]any) {
	for name, value := range with {
		old, isObject := object[name].(map[string]any)
		inner, ok := value.(map[string]any)
		switch {
		case value == nil:
			delete(object, name)
		case isObject && ok:
			override(old, inner)
		default:
			object[name] = value
		}
	}
}

// examples contains, by kind, values that generate cannot derive, because the
// schema describes them only by patterns and rules.
var examples = map[string]map[string]any{
	"BackendTLSPolicy": {"spec": map[string]any{"validation": map[string]any{"wellKnownCACertificates": "System"}}},
	"Cluster":          {"spec": map[string]any{"paused": false}},
	"ExtensionConfig":  {"spec": map[string]any{"clientConfig": map[string]any{"url": "https://a.example.com"}}},
	"ImageConfig":      {"spec": map[string]any{"matchImages": []any{map[string]any{"prefix": "a"}}}},
	"TCPRoute":         {"spec": routeWithPort},
	"TLSRoute":         {"spec": routeWithPort},
	"UDPRoute":         {"spec": routeWithPort},
	"Usage": {"spec": map[string]any{"reason": "a", "of": map[string]any{
		"apiVersion": "v1", "kind": "Pod", "resourceRef": map[string]any{"name": "a"}}}},
}

var routeWithPort = map[string]any{"rules": []any{map[string]any{"backendRefs": []any{map[string]any{"name": "a", "port": int64(80)}}}}}
