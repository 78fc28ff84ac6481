package app

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The Go runtime keeps the heap at the size that the next garbage collection
// allows, and when a server is quiet, that collection does not come for
// minutes. So a check returns memory to the operating system that the server
// would not need within a minute at its present rate of allocation.
const (
	// settling is the delay after the start until the first check. By then the
	// controllers have finished their first round, and a server for one short
	// test has stopped.
	settling = time.Second
	// checkInterval is the time between two checks, which measure what was
	// allocated in between.
	checkInterval = 15 * time.Second
	// reserve is the time for which memory is kept.
	reserve = time.Minute
	// worthwhile is the least number of bytes for which a garbage collection is
	// started.
	worthwhile = 16 << 20
)

// returnMemory returns unneeded memory to the operating system, until the
// context ends.
func returnMemory(ctx context.Context) {
	interval := settling
	var before memory
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
		now := readMemory()
		if interval == settling || unneeded(now.allocated-before.allocated, now.returnable) {
			debug.FreeOSMemory()
		}
		before, interval = readMemory(), checkInterval
	}
}

// unneeded reports whether memory should be returned: a number of bytes is
// returnable, and others were allocated since the last check.
func unneeded(allocated, returnable uint64) bool {
	return returnable >= worthwhile && returnable > allocated*uint64(reserve/checkInterval)
}

type memory struct {
	// allocated is the number of bytes that the process has allocated so far.
	allocated uint64
	// returnable is the number of bytes that the heap occupies beyond its live
	// objects.
	returnable uint64
}

func readMemory() memory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 { return samples[i].Value.Uint64() }
	return memory{allocated: value(0), returnable: value(2) - min(value(1), value(2)) + value(3)}
}
