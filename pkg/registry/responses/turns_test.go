package responses

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestTurns lets lists wait while others are in memory.
func TestTurns(t *testing.T) {
	for name, test := range map[string]struct {
		// size is that of the last list, or -1 if there was none.
		size int64
		want int
	}{
		"unknown": {-1, 4}, "small": {large - 1, 10}, "large": {maxAtOnce / 2, 2}, "very large": {5 * maxAtOnce, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var turns turns
				if test.size >= 0 {
					turns.note("/a", test.size)
				}
				begin := time.Now()
				var running atomic.Int32
				for range 10 {
					go func() {
						release := turns.take(t.Context(), "/a")
						running.Add(1)
						time.Sleep(time.Second)
						release()
						release() // does no harm
					}()
				}
				synctest.Wait()
				if got := int(running.Load()); got != test.want {
					t.Errorf("%d lists run at once, want %d", got, test.want)
				}
				time.Sleep(2 * patience)
				synctest.Wait()
				if got := running.Load(); got != 10 {
					t.Errorf("%d lists have run after %s", got, time.Since(begin))
				}
			})
		})
	}
}

// TestTurnsOfOthers does not let a list wait for ever, nor when its request ends.
func TestTurnsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turns turns
		turns.note("/a", maxAtOnce)
		turns.take(t.Context(), "/a") // never released
		begin := time.Now()
		turns.take(t.Context(), "/a")()
		if waited := time.Since(begin); waited != patience {
			t.Errorf("it waited %s, want %s", waited, patience)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		turns.take(ctx, "/a")()
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("it waited %s after the end of its request", waited)
		}
	})
}

// TestTurnsAreBounded notes more paths than are remembered.
func TestTurnsAreBounded(t *testing.T) {
	var turns turns
	for i := range 3 * maxPaths {
		turns.note(fmt.Sprint(i), 1)
	}
	if len(turns.sizes) > maxPaths {
		t.Errorf("%d paths are known, want at most %d", len(turns.sizes), maxPaths)
	}
}
