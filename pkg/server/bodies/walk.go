package bodies

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"sigs.k8s.io/yaml"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"
)

// Types are the schemes that have the Go types of all resources that are decoded
// into Go types. Others, the custom resources, have no quantities.
type Types []*runtime.Scheme

// of returns the Go type of a kind, or nil.
func (t Types) of(kind schema.GroupVersionKind) reflect.Type {
	for _, scheme := range t {
		if goType, ok := scheme.AllKnownTypes()[kind]; ok {
			return goType
		}
	}
	return nil
}

// kind returns the kind of the resource of a request; empty if it is not known.
func (t Types) kind(info *genericapirequest.RequestInfo) schema.GroupVersionKind {
	resource := schema.GroupVersionResource{Group: info.APIGroup, Version: info.APIVersion, Resource: info.Resource}
	for _, scheme := range t {
		for kind := range scheme.KnownTypes(resource.GroupVersion()) {
			gvk := resource.GroupVersion().WithKind(kind)
			if plural, _ := meta.UnsafeGuessKindToResource(gvk); plural == resource {
				return gvk
			}
		}
	}
	return schema.GroupVersionKind{}
}

// walk checks a body along its Go type. That follows from the kind in the body,
// where the resource of the request says what is missing, and from the resource
// alone: the shape of a patch is that of the stored object, whatever it says.
func (c *checker) walk(data []byte, mediaType string, resource schema.GroupVersionKind) error {
	var err error
	switch mediaType {
	case string(types.JSONPatchType):
		return c.walkPatch(data, resource)
	case runtime.ContentTypeYAML, string(types.ApplyYAMLPatchType):
		if data, err = yaml.YAMLToJSON(data); err != nil {
			return nil // the decoder reports the error
		}
	case runtime.ContentTypeCBOR, string(types.ApplyCBORPatchType):
		var value any
		if err = direct.Unmarshal(data, &value); err == nil {
			data, err = json.Marshal(value)
		}
		if err != nil {
			return refused(err)
		}
	}
	kinds := []schema.GroupVersionKind{resource}
	if own, ok := kindIn(data); ok {
		kinds = append(kinds, completed(own, resource))
	}
	for _, t := range c.types.all(kinds) {
		if err := quantities.CheckJSON(bytes.NewReader(data), t); err != nil {
			return refused(err)
		}
	}
	return nil
}

// kindIn returns the kind that an object in JSON says.
func kindIn(data []byte) (kind schema.GroupVersionKind, ok bool) {
	var own metav1.TypeMeta
	err := json.Unmarshal(data, &own)
	return own.GroupVersionKind(), err == nil
}

// completed returns a kind with what it does not say taken from another, as the
// decoders do.
func completed(kind, from schema.GroupVersionKind) schema.GroupVersionKind {
	if kind.Kind == "" {
		kind.Kind = from.Kind
	}
	if kind.Version == "" && kind.Group == "" {
		kind.Group = from.Group
	}
	if kind.Version == "" && kind.Group == from.Group {
		kind.Version = from.Version
	}
	return kind
}

// all returns the types of kinds, each once.
func (t Types) all(kinds []schema.GroupVersionKind) (found []reflect.Type) {
	for _, kind := range kinds {
		if goType := t.of(kind); goType != nil && !slices.Contains(found, goType) {
			found = append(found, goType)
		}
	}
	return found
}

// walkProtobuf checks an object in protobuf, and counts its messages. fields are
// what may be messages: their number counts where there is no type.
func (c *checker) walkProtobuf(data []byte, fields int, resource schema.GroupVersionKind) error {
	var object runtime.Unknown
	if object.Unmarshal(bytes.TrimPrefix(data, []byte(apis.ProtobufPrefix))) != nil {
		return nil // the decoder reports the error
	}
	own := schema.FromAPIVersionAndKind(object.APIVersion, object.Kind)
	found := c.types.all([]schema.GroupVersionKind{resource, completed(own, resource)})
	if len(found) == 0 {
		return c.limits.check(0, fields)
	}
	for _, t := range found {
		messages, err := quantities.CheckProtobuf(object.Raw, t)
		if err != nil {
			return refused(err)
		}
		if err := c.limits.check(0, messages); err != nil {
			return err
		}
	}
	return nil
}

// walkPatch checks the operations of a JSON patch. One that writes the kind makes
// the object one of another type, until the handler refuses it.
func (c *checker) walkPatch(data []byte, resource schema.GroupVersionKind) error {
	var operations []quantities.Operation
	if json.Unmarshal(data, &operations) != nil {
		return nil // the decoder reports the error
	}
	kind, kinds := resource, []schema.GroupVersionKind{resource}
	for _, o := range operations {
		path := o.Path("path")
		if len(path) > 1 || len(path) == 1 && path[0] != "kind" && path[0] != "apiVersion" {
			continue
		}
		if op := o.Text("op"); op == "copy" || op == "move" {
			return refused(errors.New("a JSON patch cannot put another value in the place of the kind"))
		}
		switch {
		case len(path) == 0:
			if own, ok := kindIn(o["value"]); ok {
				kind = own
			}
		case path[0] == "kind":
			kind.Kind = o.Text("value")
		default:
			kind = schema.FromAPIVersionAndKind(o.Text("value"), kind.Kind)
		}
		kinds = append(kinds, completed(kind, resource))
	}
	for _, t := range c.types.all(kinds) {
		for _, o := range operations {
			if err := quantities.CheckOperation(o, t); err != nil {
				return refused(err)
			}
		}
	}
	return nil
}
