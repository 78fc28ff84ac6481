package namespace

import (
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// findings is what has been found during the deletion of the contents of a namespace.
type findings struct {
	// discoveryErr and parsingErr tell why resources are not known, and may have
	// objects in the namespace.
	discoveryErr, parsingErr error
	// failures are the reasons why objects could not be deleted.
	failures []error
	// remaining is the number of objects that have been deleted and still exist;
	// finalizers is how many of these have a finalizer.
	remaining  map[schema.GroupResource]int
	finalizers map[string]int
	// estimate is the number of seconds after which all is expected to be gone.
	estimate int64
}

// kind is what has been found of one resource.
type kind struct {
	resource   schema.GroupResource
	remaining  int
	finalizers map[string]int
	// seconds is the number of seconds until the objects are expected to be gone.
	seconds int64
	err     error
}

// add adds what has been found of a resource.
func (f *findings) add(k kind) {
	if k.err != nil {
		f.failures = append(f.failures, k.err)
	}
	if k.remaining > 0 {
		if f.remaining == nil {
			f.remaining, f.finalizers = map[schema.GroupResource]int{}, map[string]int{}
		}
		f.remaining[k.resource] += k.remaining
		for finalizer, count := range k.finalizers {
			f.finalizers[finalizer] += count
		}
	}
	f.estimate = max(f.estimate, k.seconds)
}

// emptied reports whether all objects that are known are gone.
func (f *findings) emptied() bool { return len(f.failures) == 0 && len(f.remaining) == 0 }

// empty reports whether the namespace contains nothing any more.
func (f *findings) empty() bool { return f.emptied() && f.discoveryErr == nil && f.parsingErr == nil }

// err returns all reasons why objects could not be found or deleted.
func (f *findings) err() error {
	return errors.Join(append([]error{f.discoveryErr, f.parsingErr}, f.failures...)...)
}
