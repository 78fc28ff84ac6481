package app

import (
	"os"
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The heap may grow by three times what is alive before it is collected, but by
// no more than maxHeadroom unless what is alive is more than that. On a server whose
// objects are short-lived that saves an eighth to a quarter of the CPU while
// the heap is small, and costs no memory to speak of when it is large.
const (
	growth      = 3
	maxHeadroom = 256 << 20
)

// tuneGC keeps the garbage collector's percentage to that rule, after every
// collection. It leaves alone what GOGC in the environment says.
func tuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(growth * 100)
	afterEveryGC(func() { debug.SetGCPercent(gcPercent(liveHeap())) })
}

// gcPercent returns the percentage for a live heap of so many bytes.
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

// afterEveryGC calls f after each collection: an object that nothing refers to
// is found by it, and its finalizer makes the next one.
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
