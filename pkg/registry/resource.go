package registry

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// Object is an API object with metadata.
type Object interface {
	runtime.Object
	metav1.Object
}

// Hooks are the decisions of a strategy, called in this order. A nil hook does
// nothing. Names and meaning are those of rest.RESTCreateStrategy and
// rest.RESTUpdateStrategy of k8s.io/apiserver.
type Hooks[T Object] struct {
	// PrepareForCreate drops what a client may not set, such as the status.
	PrepareForCreate func(ctx context.Context, obj T)
	// PrepareForUpdate does the same on update, where old is read only.
	PrepareForUpdate func(ctx context.Context, obj, old T)
	// Validate returns every mistake in a new object. The metadata is validated
	// too: see ValidateObjectMeta for what is left to the resource.
	Validate func(ctx context.Context, obj T) field.ErrorList
	// ValidateUpdate returns every mistake in a changed object.
	ValidateUpdate func(ctx context.Context, obj, old T) field.ErrorList
	// WarningsOnCreate returns texts for the client's Warning headers.
	WarningsOnCreate func(ctx context.Context, obj T) []string
	// WarningsOnUpdate is like WarningsOnCreate.
	WarningsOnUpdate func(ctx context.Context, obj, old T) []string
	// DeclarativeConfig configures the generated validation. It is needed for a
	// type whose tags name options (feature gates): every one must be defined.
	DeclarativeConfig func(obj, old T) rest.DeclarativeValidationConfig
	// Canonicalize brings a valid object into the form in which it is stored.
	Canonicalize func(obj T)
	// ResetFields are the fields that the Prepare hooks reset, for
	// server-side apply: see Reset.
	ResetFields map[fieldpath.APIVersion]*fieldpath.Set
}

// Resource defines one built-in resource.
type Resource[T Object] struct {
	// GVR names the resource in its storage version, which is also a version
	// in which it is served.
	GVR schema.GroupVersionResource
	// Singular is the resource's singular name.
	Singular string
	// ShortNames and Categories are for discovery.
	ShortNames, Categories []string
	// ClusterScoped is true for a resource without namespaces.
	ClusterScoped bool

	// New and NewList return empty objects.
	New     func() T
	NewList func() runtime.Object

	// Prefix is the resource's place in etcd below --etcd-prefix; the default
	// is the plural name.
	Prefix string
	// NoWatchCache makes reads go to etcd, as for events.
	NoWatchCache bool

	// PutCreates lets PUT create an object.
	PutCreates bool
	// ConditionalUpdate refuses updates without a resource version.
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

	// Hooks is the strategy of the resource itself.
	Hooks[T]
	// Status, if set, is the strategy of the status subresource.
	Status *Hooks[T]

	// Fields can be selected by field selectors, beside metadata.name and
	// metadata.namespace.
	Fields []Field[T]
	// TriggerByName is Field.Trigger for metadata.name, for a resource that is
	// often watched one object at a time.
	TriggerByName bool
	// Columns are the columns of the server-side table.
	Columns []Column[T]
	// RowConditions are conditions of a table row, such as Completed for pods.
	RowConditions func(obj T) []metav1.TableRowCondition

	// Customize changes the store before it is completed.
	Customize func(store *genericregistry.Store, deps Deps)
	// Wrap replaces the storage of the main resource, by a type that embeds
	// *REST and overrides a verb.
	Wrap func(main *REST, deps Deps) rest.Storage
	// Subresources returns the storage of the subresources other than status,
	// by name.
	Subresources func(main *REST, deps Deps) map[string]rest.Storage
}

// Deps is what storage is made with.
type Deps struct {
	Scheme *runtime.Scheme
	// RESTOptions finds the etcd client, codec and watch cache of a resource.
	RESTOptions generic.RESTOptionsGetter
	// Raw makes storage without a watch cache, for reads that decide something.
	Raw generic.StorageDecorator
	// EventTTL is how long events are kept.
	EventTTL time.Duration
	// Authorizer decides what users may do, and RBAC which rules they have: for
	// storage that asks about more than the request itself. RuleResolver lists
	// what all authorizers allow.
	Authorizer   authorizer.Authorizer
	RuleResolver authorizer.RuleResolver
	RBAC         *rbac.Resolver
	// Authenticator is the chain that requests pass, and APIAudiences are those
	// of tokens for this server.
	Authenticator authenticator.Request
	APIAudiences  authenticator.Audiences
	// Tokens issues tokens of service accounts.
	Tokens *serviceaccount.Tokens
	// Objects reads objects of other resources.
	Objects *Objects
	// Services allocates the addresses and ports of services.
	Services *allocation.Services
}

// Definition is a resource regardless of its type.
type Definition interface {
	// GroupVersionResource is the Resource's GVR.
	GroupVersionResource() schema.GroupVersionResource
	// ETCDPrefix is the place in etcd below --etcd-prefix.
	ETCDPrefix() string
	// WatchCached reports whether reads are served by a watch cache.
	WatchCached() bool
	// FieldLabels lists the fields that can be selected; nil for just the name
	// and the namespace.
	FieldLabels() []string
	// Storage makes the storage of the resource and its subresources, by
	// their names in the URL ("pods", "pods/status").
	Storage(deps Deps) (map[string]rest.Storage, error)
}

// GroupVersionResource implements Definition.
func (r *Resource[T]) GroupVersionResource() schema.GroupVersionResource { return r.GVR }

// ETCDPrefix implements Definition.
func (r *Resource[T]) ETCDPrefix() string {
	if r.Prefix != "" {
		return r.Prefix
	}
	return r.GVR.Resource
}

// WatchCached implements Definition.
func (r *Resource[T]) WatchCached() bool { return !r.NoWatchCache }

// Reset builds ResetFields for one API version from paths such as "status" or
// "metadata.deletionTimestamp", one string per field of the path.
func Reset(version string, paths ...[]string) map[fieldpath.APIVersion]*fieldpath.Set {
	set := fieldpath.NewSet()
	for _, path := range paths {
		elements := make([]any, len(path))
		for i, name := range path {
			elements[i] = name
		}
		set.Insert(fieldpath.MakePathOrDie(elements...))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(version): set}
}
