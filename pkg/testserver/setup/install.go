package setup

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// fieldManager owns the fields of what the options create.
const fieldManager = "gatehouse-testserver"

var crdKind = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}

// installer creates the objects of the options.
type installer struct {
	client    dynamic.Interface
	discovery discovery.DiscoveryInterface
	mapper    meta.RESTMapper
}

// installed are the objects of the options.
type installed struct {
	crds, objects, webhooks []*unstructured.Unstructured
}

// read reads the objects from where the options say.
func (o Options) read() (all installed, err error) {
	if all.crds, err = o.CRDs.read(crdKind); err != nil {
		return all, fmt.Errorf("CRDs: %w", err)
	}
	for _, crd := range all.crds {
		if crd.GroupVersionKind() != crdKind {
			return all, fmt.Errorf("CRDs: %s %q is not a CustomResourceDefinition of apiextensions.k8s.io/v1", crd.GetKind(), crd.GetName())
		}
	}
	if all.objects, err = o.Objects.read(schema.GroupVersionKind{}); err != nil {
		return all, fmt.Errorf("objects: %w", err)
	}
	if all.webhooks, err = o.Webhooks.read(schema.GroupVersionKind{}); err != nil {
		return all, fmt.Errorf("webhooks: %w", err)
	}
	return all, nil
}

// install creates what the options ask for: definitions first, webhooks last,
// because these would refuse everything until the test serves them.
func (s *Server) install(ctx context.Context, all installed) (err error) {
	if s.options.Webhooks.wanted() {
		if err := s.prepareWebhooks(all.crds, all.webhooks); err != nil {
			return fmt.Errorf("webhooks: %w", err)
		}
	}
	if len(all.crds)+len(all.objects)+len(all.webhooks) == 0 {
		return nil
	}
	i := &installer{}
	if i.client, err = dynamic.NewForConfig(s.Config); err != nil {
		return err
	}
	if i.discovery, err = discovery.NewDiscoveryClientForConfig(s.Config); err != nil {
		return err
	}
	if err := i.define(ctx, all.crds); err != nil {
		return fmt.Errorf("CRDs: %w", err)
	}
	for _, list := range [][]*unstructured.Unstructured{all.objects, all.webhooks} {
		if err := i.create(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

// define creates the definitions, and waits until their resources are served.
func (i *installer) define(ctx context.Context, crds []*unstructured.Unstructured) error {
	client := i.client.Resource(crdKind.GroupVersion().WithResource("customresourcedefinitions"))
	for _, crd := range crds {
		clean(crd)
		unstructured.RemoveNestedField(crd.Object, "status")
		if _, err := client.Apply(ctx, crd.GetName(), crd, metav1.ApplyOptions{FieldManager: fieldManager, Force: true}); err != nil {
			return err
		}
	}
	for _, crd := range crds {
		for {
			current, err := client.Get(ctx, crd.GetName(), metav1.GetOptions{})
			if err != nil {
				return err
			}
			established, problem := isEstablished(current)
			if established {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not served: %s: %w", crd.GetName(), problem, ctx.Err())
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return nil
}

// isEstablished reports whether the resource of a definition is served, and if
// not, what the conditions say.
func isEstablished(crd *unstructured.Unstructured) (established bool, problem string) {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, condition := range conditions {
		c, _ := condition.(map[string]any)
		switch {
		case c["type"] == "Established" && c["status"] == "True":
			return true, ""
		case c["type"] == "NamesAccepted" && c["status"] == "False":
			problem = fmt.Sprint(c["message"])
		}
	}
	return false, problem
}

// create creates objects in order, or changes them if they exist, and then writes
// the status that they have.
func (i *installer) create(ctx context.Context, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		client, err := i.clientFor(ctx, object)
		if err != nil {
			return fmt.Errorf("%s %q: %w", object.GetKind(), object.GetName(), err)
		}
		clean(object)
		status := object.Object["status"]
		options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
		if object.GetName() == "" && object.GetGenerateName() != "" {
			created, err := client.Create(ctx, object, metav1.CreateOptions{FieldManager: fieldManager})
			if err != nil {
				return err
			}
			object.SetName(created.GetName())
		} else if _, err = client.Apply(ctx, object.GetName(), object, options); err != nil {
			return err
		}
		if isEmpty(status) {
			continue
		}
		only := &unstructured.Unstructured{Object: map[string]any{"status": status}}
		only.SetGroupVersionKind(object.GroupVersionKind())
		only.SetName(object.GetName())
		// A resource without the subresource has its status already.
		if _, err := client.ApplyStatus(ctx, object.GetName(), only, options); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("status of %s %q: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// clientFor returns the client for an object. Objects without a namespace, of
// resources that have namespaces, are in the namespace default.
func (i *installer) clientFor(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	if i.mapper == nil {
		groups, err := restmapper.GetAPIGroupResources(i.discovery)
		if err != nil {
			return nil, err
		}
		i.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	}
	kind := object.GroupVersionKind()
	mapping, err := i.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	client := i.client.Resource(mapping.Resource)
	if mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return client, nil
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return client.Namespace(object.GetNamespace()), nil
}

// clean removes what only a server can set, so that objects which were read from
// another cluster can be created.
func clean(object *unstructured.Unstructured) {
	for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"} {
		unstructured.RemoveNestedField(object.Object, "metadata", field)
	}
}

// isEmpty reports whether a value has nothing but zero values.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case map[string]any:
		for _, field := range v {
			if !isEmpty(field) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	case int64:
		return v == 0
	case string:
		return v == ""
	case bool:
		return !v
	}
	return false
}
