package responses

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxAtOnce is the number of bytes that the objects of large lists may have at once. They are
	// the structs of the objects without what these refer to, which lists share with the watch cache.
	maxAtOnce = 64 << 20
	// large is the number of bytes from which on a list waits for its turn.
	large = 4 << 20
	// patience is how long a list waits: it may be that clients read those before it slowly.
	patience = 10 * time.Second
	// unknown is the size of a list that is not known yet.
	unknown = maxAtOnce / 4
	// maxPaths is the greatest number of paths whose sizes are known.
	maxPaths = 1024
)

// turns lets large lists take turns, because each of them copies the structs of all its objects.
type turns struct {
	once sync.Once
	room *semaphore.Weighted

	mu sync.Mutex
	// sizes are those of the last lists, by the paths of their requests.
	sizes map[string]int64
}

// take waits until there is room for a list of the size that the last one of the path had. It
// returns a function that makes room for others, which may be called more than once.
func (t *turns) take(ctx context.Context, path string) (release func()) {
	t.once.Do(func() { t.room = semaphore.NewWeighted(maxAtOnce) })
	t.mu.Lock()
	size, known := t.sizes[path]
	t.mu.Unlock()
	if !known {
		size = unknown
	}
	if size = min(size, maxAtOnce); size < large {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.room.Acquire(ctx, size); err != nil {
		return func() {}
	}
	return sync.OnceFunc(func() { t.room.Release(size) })
}

// note remembers the size of a list.
func (t *turns) note(path string, size int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sizes == nil || len(t.sizes) >= maxPaths {
		t.sizes = map[string]int64{}
	}
	t.sizes[path] = size
}
