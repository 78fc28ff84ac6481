package app

import (
	"context"
	goruntime "runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnneeded(t *testing.T) {
	for _, test := range []struct {
		name                  string
		allocated, returnable uint64 // MiB
		want                  bool
	}{
		{"idle, nothing to return", 0, 0, false},
		{"idle, little to return", 0, 15, false},
		{"idle, much to return", 0, 500, true},
		{"quiet, much to return", 15, 500, true},
		{"quiet, returned a while ago", 15, 45, false},
		{"busy", 200, 500, false},
	} {
		if got := unneeded(test.allocated<<20, test.returnable<<20); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// TestReturnMemory leaves garbage behind and checks that it is returned to the
// operating system after the next check.
func TestReturnMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		go returnMemory(ctx)
		time.Sleep(2 * settling)
		garbage := make([][]byte, 64)
		for i := range garbage {
			garbage[i] = make([]byte, 1<<20)
		}
		goruntime.GC()
		goruntime.KeepAlive(garbage)
		if left := readMemory().returnable; left > 48<<20 {
			t.Errorf("%d MiB are returnable while they are in use", left>>20)
		}
		garbage = nil
		goruntime.GC()
		if left := readMemory().returnable; left < 48<<20 {
			t.Fatalf("%d MiB are returnable, want all garbage", left>>20)
		}
		time.Sleep(2 * checkInterval)
		synctest.Wait()
		if left := readMemory().returnable; left > worthwhile {
			t.Errorf("%d MiB are still returnable", left>>20)
		}
		cancel()
	})
}
