package job

import (
	"context"

	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// storage adds a warning to deletions that leave the pods of a job behind.
type storage struct{ *registry.REST }

var (
	_ rest.GracefulDeleter   = (*storage)(nil)
	_ rest.CollectionDeleter = (*storage)(nil)
)

func warnOfOrphans(main *registry.REST, _ registry.Deps) rest.Storage { return &storage{main} }

// Delete implements rest.GracefulDeleter.
func (s *storage) Delete(ctx context.Context, name string, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions) (runtime.Object, bool, error) {
	warn(ctx, options)
	return s.REST.Delete(ctx, name, validate, options)
}

// DeleteCollection implements rest.CollectionDeleter.
func (s *storage) DeleteCollection(ctx context.Context, validate rest.ValidateObjectFunc, options *metav1.DeleteOptions,
	list *metainternalversion.ListOptions) (runtime.Object, error) {
	warn(ctx, options)
	return s.REST.DeleteCollection(ctx, validate, options, list)
}

// warn warns a client that does not say what should happen to the pods.
func warn(ctx context.Context, options *metav1.DeleteOptions) {
	if options != nil && (options.PropagationPolicy != nil || options.OrphanDependents != nil) { //nolint:staticcheck // clients still send it
		return
	}
	warning.AddWarning(ctx, "", "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them "+
		"or set propagationPolicy=Orphan to suppress this warning")
}
