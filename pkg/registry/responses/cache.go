package responses

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// maxBytes is the greatest number of bytes of one of the two generations of a Cache.
	maxBytes = 24 << 20
	// overhead is about what a chunk takes besides its compressed bytes.
	overhead = 200
	// maxSeen is the greatest number of chunks that were encoded once and are remembered.
	maxSeen = 1 << 13
	// lifetime is how long at least, and half of how long at most, a chunk is kept that nobody needs.
	lifetime = 30 * time.Second
)

// Cache has the compressed chunks of lists that were asked for lately. A chunk is known
// by the UIDs and resource versions of its objects, so that it need never be dropped because an
// object has changed. What is not used is dropped after some time, or earlier when
// there is too much of it. The zero value is ready for use.
type Cache struct {
	mu sync.Mutex
	// young has the chunks that were used since it was made, and older those that were used
	// in the time before.
	young, older map[key]*chunk
	size         int
	// seen are the chunks that were encoded once for clients that do not want them
	// compressed: what they ask for a single time is not worth compressing.
	seen  map[key]struct{}
	timer *time.Timer

	turns turns
}

// key is the hash of the encoding of a chunk, and of the UIDs and resource versions of its objects.
type key [sha256.Size]byte

// find gives the runs the chunks that are kept of them.
func (c *Cache) find(runs []run) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range runs {
		r := &runs[i]
		if !r.known {
			continue
		}
		if r.chunk = c.young[r.key]; r.chunk != nil {
			continue
		}
		if r.chunk = c.older[r.key]; r.chunk != nil {
			c.add(r.key, r.chunk)
		}
	}
}

// keep adds a chunk.
func (c *Cache) keep(k key, compressed *chunk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(k, compressed)
}

// again says whether it was asked for the chunk before.
func (c *Cache) again(k key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.seen[k]; again {
		delete(c.seen, k)
		return true
	}
	if c.seen == nil || len(c.seen) >= maxSeen {
		c.seen = map[key]struct{}{}
	}
	c.seen[k] = struct{}{}
	c.arm()
	return false
}

// add adds a chunk to the young generation. The caller holds mu.
func (c *Cache) add(k key, compressed *chunk) {
	if _, ok := c.young[k]; ok {
		return
	}
	size := len(compressed.deflated) + overhead
	if c.size += size; c.size > maxBytes {
		c.young, c.older, c.size = nil, c.young, size
	}
	if c.young == nil {
		c.young = map[key]*chunk{}
	}
	c.young[k] = compressed
	c.arm()
}

// arm lets the generations age later. The caller holds mu.
func (c *Cache) arm() {
	if c.timer == nil {
		c.timer = time.AfterFunc(lifetime, c.age)
	}
}

// age drops what was not used since it was called last.
func (c *Cache) age() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = nil
	c.young, c.older, c.size = nil, c.young, 0
	if c.older != nil {
		c.arm()
	} else {
		c.seen = nil
	}
}
