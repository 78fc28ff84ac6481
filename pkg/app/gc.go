package app

import (
	"os"
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap may grow by five times the size of the live heap before the next garbage collection,
// but by no more than maxHeadroom or the size of the live heap, whichever is larger. On a server
// with short-lived objects a factor of three instead of Go's one saves 12 to 25 percent of the
// CPU time while the heap is small, and five instead of three some 5 percent when pods are
// created. When the heap is large, it costs hardly any memory; memory.go returns what is not
// needed any more.
const (
	growth      = 5
	maxHeadroom = 192 << 20
)

// tuneGC sets the percentage of the garbage collector by this rule after each
// collection. It does nothing if the environment variable GOGC is set.
func tuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth * 100)
	afterEveryGC(func() { debug.SetGCPercent(gcPercent(liveHeap())) })
}

// gcPercent returns the percentage for a live heap of the given size in bytes.
func gcPercent(live uint64) int {
	headroom := max(live, min(growth*live, maxHeadroom))
	if live == 0 {
		return growth * 100
	}
	return int(headroom * 100 / live)
}

func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// afterEveryGC calls f after each garbage collection. It uses the finalizer of
// an unreachable object, which runs after a collection and then creates the
// next such object.
func afterEveryGC(f func()) {
	type sentinel struct{ _ *int }
	var arm func()
	arm = func() {
		goruntime.SetFinalizer(&sentinel{}, func(*sentinel) {
			f()
			arm()
		})
	}
	arm()
}
