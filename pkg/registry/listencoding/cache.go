package listencoding

import (
	"reflect"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// maxBytes is the greatest number of bytes of one of the two generations of a Cache.
	maxBytes = 48 << 20
	// maxSeen is the greatest number of objects that were encoded once and are remembered.
	maxSeen = 1 << 16
	// lifetime is how long at least, and half of how long at most, bytes are kept that nobody needs.
	lifetime = 20 * time.Second
)

// Cache has the encoded bytes of objects that were encoded more than once lately. Objects
// are known by their UID and resource version, so that bytes need never be dropped because an
// object has changed. What is not used is dropped after some time, or earlier when
// too many bytes are kept. The zero value is ready for use.
type Cache struct {
	mu sync.Mutex
	// young has the bytes that were used since it was made, and older those that were used
	// in the time before.
	young, older map[object][]byte
	size         int
	// seen are the objects that were encoded once: what is listed a single time is not
	// worth its memory.
	seen  map[object]struct{}
	timer *time.Timer
}

// object is the key of an object at one version in one encoding.
type object struct {
	// encoding is the Go type of the object, which belongs to one API version.
	encoding        reflect.Type
	uid             types.UID
	resourceVersion string
}

// get returns the bytes of an object, or nil.
func (c *Cache) get(o object) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if data, ok := c.young[o]; ok {
		return data
	}
	data := c.older[o]
	if data != nil {
		c.keep(o, data)
	}
	return data
}

// offer keeps a copy of the bytes of an object if it is offered for the second time.
func (c *Cache) offer(o object, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.seen[o]; again {
		delete(c.seen, o)
		c.keep(o, append(make([]byte, 0, len(data)), data...))
		return
	}
	if c.seen == nil || len(c.seen) >= maxSeen {
		c.seen = map[object]struct{}{}
	}
	c.seen[o] = struct{}{}
	c.arm()
}

// keep adds bytes to the young generation. The caller holds mu.
func (c *Cache) keep(o object, data []byte) {
	if c.size += len(data); c.size > maxBytes {
		c.young, c.older, c.size = nil, c.young, len(data)
	}
	if c.young == nil {
		c.young = map[object][]byte{}
	}
	c.young[o] = data
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
