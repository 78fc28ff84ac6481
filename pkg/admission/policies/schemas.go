package policies

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"k8s.io/kube-openapi/pkg/spec3"
)

const (
	// schemaAge is how old the schemas of custom resources can be while the policies
	// stay the same. kube-apiserver looks every five seconds whether they have changed.
	schemaAge = time.Second
	// schemaTimeout is how long a request waits for them.
	schemaTimeout = 5 * time.Second
)

// schemas implements patch.TypeConverterManager. It has the schemas of the built-in
// types, and reads those of custom resources when a policy first changes one. It reads
// them again after a change of the policies: a new policy can use new fields.
type schemas struct {
	builtIn managedfields.TypeConverter
	client  restclient.Interface
	// changes counts the changes of policies and bindings.
	changes *atomic.Uint64

	mu     sync.Mutex
	custom map[schema.GroupVersion]customSchemas
}

// customSchemas are the schemas of one version of a group.
type customSchemas struct {
	converter managedfields.TypeConverter
	document  []byte
	read      time.Time
	// changes is how many changes of the policies there were before.
	changes uint64
}

func newSchemas(builtIn managedfields.TypeConverter, client kubernetes.Interface, changes *atomic.Uint64) patch.TypeConverterManager {
	return &schemas{builtIn: builtIn, client: client.Discovery().RESTClient(), changes: changes, custom: map[schema.GroupVersion]customSchemas{}}
}

// Run implements patch.TypeConverterManager. There is nothing to do meanwhile.
func (s *schemas) Run(context.Context) {}

// GetTypeConverter implements patch.TypeConverterManager. It returns nil if there is
// no schema for the kind, to which k8s.io/apiserver answers with 503.
func (s *schemas) GetTypeConverter(kind schema.GroupVersionKind) managedfields.TypeConverter {
	if knows(s.builtIn, kind) {
		return s.builtIn
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.custom[kind.GroupVersion()]
	if have.changes != s.changes.Load() || time.Since(have.read) > schemaAge || !knows(have.converter, kind) {
		var err error
		if have, err = s.read(kind.GroupVersion(), have); err != nil {
			klog.Warningf("reading the schema of %v for MutatingAdmissionPolicy: %v", kind, err)
			return nil
		}
		s.custom[kind.GroupVersion()] = have
	}
	return have.converter
}

// knows reports whether a converter has the schema of a kind.
func knows(c managedfields.TypeConverter, kind schema.GroupVersionKind) bool {
	if c == nil {
		return false
	}
	empty := &unstructured.Unstructured{}
	empty.SetGroupVersionKind(kind)
	_, err := c.ObjectToTyped(empty)
	return err == nil
}

// read returns the schemas of a version as the server publishes them. A converter is
// made only if they have changed.
func (s *schemas) read(version schema.GroupVersion, have customSchemas) (customSchemas, error) {
	ctx, cancel := context.WithTimeout(context.Background(), schemaTimeout)
	defer cancel()
	now, changes := time.Now(), s.changes.Load()
	document, err := s.client.Get().AbsPath("/openapi/v3/apis", version.Group, version.Version).Do(ctx).Raw()
	if err != nil {
		return customSchemas{}, err
	}
	if bytes.Equal(document, have.document) {
		have.read, have.changes = now, changes
		return have, nil
	}
	var parsed spec3.OpenAPI
	if err := json.Unmarshal(document, &parsed); err != nil {
		return customSchemas{}, err
	}
	if parsed.Components == nil {
		return customSchemas{}, fmt.Errorf("%v has no schemas", version)
	}
	converter, err := managedfields.NewTypeConverter(parsed.Components.Schemas, false)
	return customSchemas{converter, document, now, changes}, err
}
