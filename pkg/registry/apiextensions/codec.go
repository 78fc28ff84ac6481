package apiextensions

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	goruntime "runtime"
	"slices"
	"sync"
	"weak"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// sharedSchemas decodes and packs the schemas of a definition only once, as long
// as any decoded object contains them. From its creation to its deletion a
// definition has six revisions and more, which differ in their metadata and their
// status alone. The watch cache keeps them for its history, and to decode a schema
// can take milliseconds.
//
// Schemas are therefore shared by several objects and must not be changed.
// That holds for everything that comes from the watch cache anyway.
type sharedSchemas struct {
	runtime.Codec
	mu    sync.Mutex
	specs map[specKey]*sharedSpec
}

// shareSchemas returns a codec for the storage of definitions.
func shareSchemas(codec runtime.Codec) runtime.Codec {
	return &sharedSchemas{Codec: codec, specs: map[specKey]*sharedSpec{}}
}

// specKey is the hash of a stored spec and of its version.
type specKey [sha256.Size]byte

// sharedSpec is a decoded spec. It does not keep the packed schemas in memory.
type sharedSpec struct {
	spec    internal.CustomResourceDefinitionSpec // without schemas
	schemas []weak.Pointer[internal.CustomResourceValidation]
}

// Decode implements runtime.Decoder.
func (s *sharedSchemas) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	if _, definition := into.(*internal.CustomResourceDefinition); into != nil && !definition {
		return s.Codec.Decode(data, defaults, into)
	}
	key, rest, ok := split(data)
	if ok {
		if spec, found := s.find(key); found {
			obj, gvk, err := s.Codec.Decode(rest, defaults, into)
			if crd, definition := obj.(*internal.CustomResourceDefinition); definition && err == nil {
				crd.Spec = spec
			}
			return obj, gvk, err
		}
	}
	obj, gvk, err := s.Codec.Decode(data, defaults, into)
	crd, definition := obj.(*internal.CustomResourceDefinition)
	if !definition || err != nil {
		return obj, gvk, err
	}
	if err := packSpec(&crd.Spec); err != nil {
		return nil, gvk, err
	}
	if ok {
		s.add(key, &crd.Spec)
	}
	return crd, gvk, nil
}

// split returns the key of the spec of a stored definition, and the definition
// without the spec. ok is false if the spec has to be decoded with the rest: if
// the data is invalid, or if the status lacks what is defaulted from the spec.
func split(data []byte) (key specKey, rest []byte, ok bool) {
	var parts struct {
		Kind       string          `json:"kind"`
		APIVersion string          `json:"apiVersion"`
		Metadata   json.RawMessage `json:"metadata,omitempty"`
		Spec       json.RawMessage `json:"spec,omitempty"`
		Status     json.RawMessage `json:"status,omitempty"`
	}
	if json.Unmarshal(data, &parts) != nil || len(parts.Spec) == 0 || !bytes.Contains(parts.Status, []byte(`"storedVersions":["`)) {
		return key, nil, false
	}
	hash := sha256.New()
	hash.Write([]byte(parts.APIVersion + "\n"))
	hash.Write(parts.Spec)
	hash.Sum(key[:0])
	parts.Spec = nil
	rest, err := json.Marshal(&parts)
	return key, rest, err == nil
}

// find returns the spec with its schemas, if these are still in memory.
func (s *sharedSchemas) find(key specKey) (spec internal.CustomResourceDefinitionSpec, ok bool) {
	s.mu.Lock()
	shared := s.specs[key]
	s.mu.Unlock()
	if shared == nil {
		return spec, false
	}
	spec = shared.spec
	spec.Versions = slices.Clone(spec.Versions)
	for i, field := range schemasOf(&spec) {
		if *field = shared.schemas[i].Value(); *field == nil && shared.schemas[i] != (weak.Pointer[internal.CustomResourceValidation]{}) {
			return spec, false
		}
	}
	return spec, true
}

// add remembers a spec until its first schema is no longer in memory.
func (s *sharedSchemas) add(key specKey, spec *internal.CustomResourceDefinitionSpec) {
	shared := &sharedSpec{spec: *spec}
	shared.spec.Versions = slices.Clone(spec.Versions)
	var first *internal.CustomResourceValidation
	for _, field := range schemasOf(&shared.spec) {
		if first == nil {
			first = *field
		}
		shared.schemas = append(shared.schemas, weak.Make(*field))
		*field = nil
	}
	if first == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.specs[key] = shared
	goruntime.AddCleanup(first, s.remove, removal{key, shared})
}

// removal names an entry of sharedSchemas.
type removal struct {
	key    specKey
	shared *sharedSpec
}

// remove forgets a spec, unless it has been decoded again meanwhile.
func (s *sharedSchemas) remove(r removal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.specs[r.key] == r.shared {
		delete(s.specs, r.key)
	}
}

// schemasOf returns the addresses of all schemas of a spec.
func schemasOf(spec *internal.CustomResourceDefinitionSpec) []**internal.CustomResourceValidation {
	all := []**internal.CustomResourceValidation{&spec.Validation}
	for i := range spec.Versions {
		all = append(all, &spec.Versions[i].Schema)
	}
	return all
}
