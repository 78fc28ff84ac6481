package storage

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// maxFieldSets is the greatest number of bytes of a generation of a fieldSets, and
	// maxFieldSet that of one of its sets.
	maxFieldSets = 1 << 20
	maxFieldSet  = 16 << 10
)

// fieldSets keeps one copy of the sets of managed fields that many objects have in
// common: the pods of a deployment differ in their names and addresses, but the
// same clients have written the same fields. Without it, these sets are a sixth of what the watch cache
// of pods has in memory. It remembers the sets that were read recently, in two
// generations: when the younger one is full, the older one is forgotten.
//
// Nobody may change the bytes of a set. The library replaces them as a whole.
type fieldSets struct {
	mu           sync.Mutex
	young, older map[string][]byte
	size         int
}

// share gives an object the sets that others have, too.
func (s *fieldSets) share(obj runtime.Object) {
	m, err := meta.Accessor(obj)
	if err != nil {
		return // a list
	}
	for _, entry := range m.GetManagedFields() {
		if fields := entry.FieldsV1; fields != nil && len(fields.Raw) <= maxFieldSet {
			fields.Raw = s.same(fields.Raw)
		}
	}
}

// same returns a set with the same bytes.
func (s *fieldSets) same(set []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.young[string(set)]; ok {
		return known
	}
	known, ok := s.older[string(set)]
	if !ok {
		known = slices.Clip(set)
	}
	if s.size += len(set); s.young == nil || s.size > maxFieldSets {
		s.young, s.older, s.size = map[string][]byte{}, s.young, len(set)
	}
	s.young[string(set)] = known
	return known
}
