package registry

import (
	"context"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/component-base/featuregate"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Object is an API object with metadata.
type Object = objects.Object

// Hooks are what is particular to the strategy of a resource or of a Facet,
// beside what the adapter derives from the resource's Parts. A nil hook does
// nothing. Names and meaning are those of rest.RESTCreateStrategy and
// rest.RESTUpdateStrategy of k8s.io/apiserver.
type Hooks[T Object] struct {
	// PrepareForCreate changes a new object, after its status has been cleared.
	PrepareForCreate func(ctx context.Context, obj T)
	// PrepareForUpdate changes an updated object, after the part that the
	// request may not write has been kept, and before its generation is counted.
	// The old object is read only.
	PrepareForUpdate func(ctx context.Context, obj, old T)
	// Resets are more fields that the Prepare hooks reset, such as
	// "metadata.labels", for the managed fields of server-side apply.
	Resets []string

	// Validate returns every mistake in a new object but those in its metadata.
	Validate func(ctx context.Context, obj T) field.ErrorList
	// OnUpdate are the rules for updates, in this order. Nil is MetadataChange and
	// Change.
	OnUpdate []Rule
	// ValidateUpdate returns every mistake in a changed object that the other
	// rules of OnUpdate do not find: it is the rule Change.
	ValidateUpdate func(ctx context.Context, obj, old T) field.ErrorList

	// WarningsOnCreate returns texts for the client's Warning headers.
	WarningsOnCreate func(ctx context.Context, obj T) []string
	// WarningsOnUpdate is like WarningsOnCreate.
	WarningsOnUpdate func(ctx context.Context, obj, old T) []string
}

// Resource defines one built-in resource.
type Resource[T Object] struct {
	// GVR names the resource in the version of its hub type: the first, in the
	// group's order of preference, that has the kind.
	GVR schema.GroupVersionResource
	// Versions are all group versions in which the resource is served, the hub's
	// first. Nil is the hub's alone. One storage serves all of them.
	Versions []schema.GroupVersion
	// Gate is the feature without which the resource is not served, in any version.
	// Empty: it is always served, as far as its versions are.
	Gate featuregate.Feature
	// StorageVersion is the version in which objects are stored, where it is not
	// the most preferred one of the group.
	StorageVersion string
	// StoredAsJSON is true for a resource that kube-apiserver stores as JSON, not
	// as protobuf.
	StoredAsJSON bool
	// Singular is the resource's singular name.
	Singular string
	// ShortNames and Categories are for discovery.
	ShortNames, Categories []string
	// ClusterScoped is true for a resource without namespaces.
	ClusterScoped bool

	// New and NewList return empty objects of the hub types.
	New     func() T
	NewList func() runtime.Object

	// Prefix is the resource's place in etcd below --etcd-prefix; the default
	// is the plural name.
	Prefix string
	// NoWatchCache makes reads go to etcd, as for events.
	NoWatchCache bool

	// PutCreates lets PUT create an object: it answers 201 where others say 404.
	PutCreates bool
	// ConditionalUpdate refuses a PUT without metadata.resourceVersion, by 422:
	// "must be specified for an update". Elsewhere it overwrites what is stored.
	ConditionalUpdate bool
	// GarbageCollection is what happens to dependents when a delete request
	// does not say; the default is that they are deleted.
	GarbageCollection rest.GarbageCollectionPolicy
	// GracefulDelete lets an object outlive its deletion by
	// options.GracePeriodSeconds; it reports whether it does. Nil: objects are
	// deleted at once, after their finalizers.
	GracefulDelete func(ctx context.Context, obj T, options *metav1.DeleteOptions) bool
	// ReturnDeletedObject answers a delete with the object instead of a Status.
	ReturnDeletedObject bool

	// Parts say how an object is made up.
	Parts Parts[T]
	// ValidateName returns what is wrong with a name, or with the prefix of a
	// generated one. The adapter then validates the metadata, before the hooks.
	// Nil: the hooks validate all of the metadata.
	ValidateName apivalidation.ValidateNameFunc
	// AnyFinalizer allows finalizers that have no domain and are not known, such
	// as "abc": kube-apiserver allows them in some groups.
	AnyFinalizer bool
	// Hooks is the strategy of the resource itself.
	Hooks[T]
	// Facets are the subresources that are the same object under another
	// strategy, by name: "status" above all.
	Facets map[string]Facet[T]

	// DeclarativeConfig configures the generated validation. It is needed for a
	// type whose tags name options (feature gates): every one must be defined.
	// The old object is the zero value on create.
	DeclarativeConfig func(obj, old T) rest.DeclarativeValidationConfig
	// Canonicalize brings a valid object into the form in which it is stored.
	Canonicalize func(obj T)

	// Fields can be selected by field selectors, beside metadata.name and
	// metadata.namespace.
	Fields []Field[T]
	// TriggerByName is Field.Trigger for metadata.name, for a resource that is
	// often watched one object at a time.
	TriggerByName bool
	// Columns are the columns of the server-side table; nil for the name and the
	// creation time, as the library has them.
	Columns []Column[T]
	// RowConditions are conditions of a table row, such as Completed for pods.
	RowConditions func(obj T) []metav1.TableRowCondition

	// Customize changes the store before it is completed.
	Customize func(store *genericregistry.Store, deps Deps)
	// Wrap replaces the storage of the main resource, by a type that embeds
	// *REST and overrides a verb.
	Wrap func(main *REST, deps Deps) rest.Storage
	// Subresources returns the storage of the subresources that are not Facets,
	// by name.
	Subresources func(main *REST, deps Deps) map[string]rest.Storage
}

// Deps is what the storage of every resource is made with. What only some
// resources need is an argument of the function that defines their group.
type Deps struct {
	// Scheme has the types.
	Scheme *runtime.Scheme
	// RESTOptions finds the etcd client, codec and watch cache of a resource.
	RESTOptions generic.RESTOptionsGetter
	// Raw makes storage without a watch cache, for reads that decide something.
	Raw generic.StorageDecorator
	// Objects reads objects of other resources.
	Objects *objects.Access
	// InForce returns when the admission plugins that read the resource know of a
	// write, or after some time. The answer to the write waits for it, in contrast
	// to kube-apiserver. Nil does not wait.
	InForce func(resource schema.GroupResource, obj metav1.Object)
}
