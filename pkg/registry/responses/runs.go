package responses

import (
	"crypto/sha256"
	"hash/maphash"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// meanRun and maxRun are how many objects are in a chunk.
	meanRun, maxRun = 32, 128
	// identity is about how many bytes the UID and the resource version of an object have.
	identity = 48
)

// run is some objects of a list that follow one another and are encoded as one chunk.
type run struct {
	start, end int
	// known is whether the chunk can be kept, which needs an identity of all its objects.
	known bool
	key   key
	// chunk is nil if it is not kept.
	chunk *chunk
}

var seed = maphash.MakeSeed()

// split splits a list. Where a run ends depends on its last object alone: when an object is
// added, removed or changed, the other runs stay the same, and so they do in a page of the list.
func split(format string, items reflect.Value) []run {
	itemType := items.Type().Elem()
	prefix := format + "\x00" + itemType.PkgPath() + "\x00" + itemType.Name()
	buf := make([]byte, 0, len(prefix)+maxRun*identity)
	runs := make([]run, 0, items.Len()/(meanRun/2)+1)
	for start := 0; start < items.Len(); {
		r := run{start: start, known: true}
		buf = append(buf[:0], prefix...)
		if start == 0 {
			buf = append(buf, "\x00first"...) // before which there is no comma
		}
		for r.end = start; r.end < items.Len() && r.end-start < maxRun; {
			item := items.Index(r.end).Addr().Interface()
			meta := item.(metav1.Object)
			uid, version := string(meta.GetUID()), meta.GetResourceVersion()
			buf = append(append(append(append(buf, 0), uid...), 0), version...)
			r.known = r.known && uid != "" && version != "" && item.(runtime.Object).GetObjectKind().GroupVersionKind().Empty()
			r.end++
			if maphash.String(seed, uid)%meanRun == 0 {
				break
			}
		}
		if r.known {
			r.key = sha256.Sum256(buf)
		}
		runs = append(runs, r)
		start = r.end
	}
	return runs
}
