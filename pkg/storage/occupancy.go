package storage

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	apistorage "k8s.io/apiserver/pkg/storage"
)

// occupancy knows whether a resource may have objects, and whether any may have been
// written since the start. Both change once, and all storage of the resource shares
// it: that of a custom resource is made anew when its definition changes.
type occupancy struct {
	// vacancy ends, by occupied, when the resource may have objects.
	vacancy  context.Context
	occupied context.CancelFunc
	// stillness ends, by stirred, before the first write since the start. What is
	// vacant is still.
	stillness context.Context
	stirred   context.CancelFunc

	mu sync.Mutex
	// storage counts the objects, if there is storage of the resource.
	storage stats
	// settled is true when it was looked up whether there are objects.
	settled bool
	dormant map[*dormantWatch]struct{}
}

// occupancies are those of all resources of an etcd to which nobody else writes.
type occupancies struct {
	mu         sync.Mutex
	byResource map[schema.GroupResource]*occupancy
}

func newOccupancies() *occupancies {
	return &occupancies{byResource: map[schema.GroupResource]*occupancy{}}
}

func (o *occupancies) of(resource schema.GroupResource) *occupancy {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byResource[resource] == nil {
		one := &occupancy{dormant: map[*dormantWatch]struct{}{}}
		one.vacancy, one.occupied = context.WithCancel(context.Background())
		one.stillness, one.stirred = context.WithCancel(context.Background())
		o.byResource[resource] = one
	}
	return o.byResource[resource]
}

// isOccupied reports whether the resource may have objects.
func (o *occupancy) isOccupied() bool { return o.vacancy.Err() != nil }

// isStill reports whether nothing has been written since the start.
func (o *occupancy) isStill() bool { return o.stillness.Err() == nil }

// stats counts objects.
type stats interface {
	Stats(ctx context.Context) (apistorage.Stats, error)
}

// storedBy tells which storage has the objects.
func (o *occupancy) storedBy(storage stats) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.storage = storage
}

// lookUp finds out whether the resource has objects that were written before the
// server was started. The storage of the resource counts them or, if there is none
// yet, the one given.
func (o *occupancy) lookUp(ctx context.Context, otherwise stats) error {
	if o.isOccupied() {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.settled {
		return nil
	}
	if o.storage != nil {
		otherwise = o.storage
	}
	found, err := otherwise.Stats(ctx)
	if err != nil {
		return err
	}
	o.settled = true
	if found.ObjectCount > 0 {
		o.occupied()
	}
	return nil
}

// stir is called before a write of an object, which may be the first one. It wakes the
// watches, which are served by their caches from then on.
func (o *occupancy) stir(ctx context.Context) error {
	if !o.isStill() {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.isStill() {
		return nil
	}
	// The writes of other requests wait as well, so the end of this one must not
	// interrupt it.
	ctx = context.WithoutCancel(ctx)
	for w := range o.dormant {
		if err := w.wake(ctx); err != nil {
			return err
		}
		delete(o.dormant, w)
	}
	o.settled = true
	o.occupied()
	o.stirred()
	return nil
}

// add adds a dormant watch, unless something may have been written.
func (o *occupancy) add(w *dormantWatch) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.isStill() {
		return false
	}
	o.dormant[w] = struct{}{}
	return true
}

func (o *occupancy) remove(w *dormantWatch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.dormant, w)
}
