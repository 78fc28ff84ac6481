package app

import (
	goruntime "runtime"
	"testing"
	"time"
)

func TestGCPercent(t *testing.T) {
	for _, test := range []struct {
		liveMiB uint64
		want    int
	}{
		{0, 500}, {10, 500}, {38, 500}, {64, 300}, {96, 200}, {192, 100}, {2048, 100},
	} {
		if got := gcPercent(test.liveMiB << 20); got != test.want {
			t.Errorf("%d MiB alive: %d %%, want %d %%", test.liveMiB, got, test.want)
		}
	}
}

func TestAfterEveryGC(t *testing.T) {
	calls := make(chan struct{}, 100)
	afterEveryGC(func() { calls <- struct{}{} })
	for i := range 3 {
		goruntime.GC()
		select {
		case <-calls:
		case <-time.After(10 * time.Second):
			t.Fatalf("not called after collection %d", i)
		}
	}
}
