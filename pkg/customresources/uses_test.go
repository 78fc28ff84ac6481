package customresources

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

// TestUses checks that a resource is released after some time without a request, but
// never during one.
func TestUses(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Now())
	var released []types.UID
	u := newUses(clock, func(uid types.UID) { released = append(released, uid) })
	defer u.stop()
	pass := func(d time.Duration, want ...types.UID) {
		t.Helper()
		clock.SetTime(clock.Now().Add(d))
		released = nil
		u.sweep()
		if slices.Sort(released); !slices.Equal(released, want) {
			t.Errorf("%q are released, not %q", released, want)
		}
	}
	began, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	watch := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(began)
		<-end
	})
	get := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	go func() {
		defer close(ended)
		u.serve("watched", watch, nil, nil)
	}()
	<-began
	u.serve("read", get, nil, nil)
	pass(unusedAfter / 2)
	pass(unusedAfter, "read")
	pass(unusedAfter)
	u.serve("read", get, nil, nil)
	u.serve("watched", get, nil, nil)
	close(end)
	<-ended
	pass(unusedAfter / 2)
	pass(unusedAfter, "read", "watched")
	if len(u.used) > 0 || u.timer != nil {
		t.Errorf("%d resources are in use", len(u.used))
	}
}
