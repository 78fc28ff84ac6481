package validatingadmissionpolicystatus

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/rest"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// timeout is how long a document may take.
const timeout = 10 * time.Second

// documents implements resolver.SchemaResolver: it finds the schema of a kind in the
// OpenAPI document of its version. The library's would ask for the list of all
// documents first, for which the server has to make every one of them.
type documents struct{ client rest.Interface }

// ResolveSchema implements resolver.SchemaResolver.
func (d documents) ResolveSchema(kind schema.GroupVersionKind) (*spec.Schema, error) {
	path := "/openapi/v3/apis/" + kind.Group + "/" + kind.Version
	if kind.Group == "" {
		path = "/openapi/v3/api/" + kind.Version
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	data, err := d.client.Get().AbsPath(path).Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	var document spec3.OpenAPI
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if document.Components == nil {
		return nil, resolver.ErrSchemaNotFound
	}
	schemas := document.Components.Schemas
	for name, s := range schemas {
		if describes(s, kind) {
			return resolver.PopulateRefs(func(ref string) (*spec.Schema, bool) {
				s, ok := schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
				return s, ok
			}, name)
		}
	}
	return nil, resolver.ErrSchemaNotFound
}

// describes reports whether a schema is that of a kind.
func describes(s *spec.Schema, kind schema.GroupVersionKind) bool {
	var kinds []struct{ Group, Version, Kind string }
	if s.Extensions.GetObject("x-kubernetes-group-version-kind", &kinds) != nil {
		return false
	}
	for _, k := range kinds {
		if k.Group == kind.Group && k.Version == kind.Version && k.Kind == kind.Kind {
			return true
		}
	}
	return false
}
