package signals_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

func TestLatch(t *testing.T) {
	l := signals.NewLatch()
	if l.IsSet() {
		t.Error("a new latch is set")
	}
	l.Set()
	l.Set()
	if !l.IsSet() {
		t.Error("the latch is not set")
	}
	<-l.Done()
}

func TestWait(t *testing.T) {
	set, unset := signals.NewLatch(), signals.NewLatch()
	set.Set()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name string
		wait func() bool
		want bool
	}{
		{"nothing to wait for", func() bool { return signals.Wait(ended) }, true},
		{"set, the context has ended", func() bool { return signals.Wait(ended, set.Done(), set.Done()) }, true},
		{"one of two is not set, the context has ended", func() bool { return signals.Wait(ended, set.Done(), unset.Done()) }, false},
		{"set within the bound", func() bool { return signals.WaitFor(t.Context(), time.Hour, set.Done()) }, true},
		{"the bound is over", func() bool { return signals.WaitFor(t.Context(), time.Nanosecond, unset.Done()) }, false},
		{"set while waiting", func() bool {
			later := signals.NewLatch()
			go later.Set()
			return signals.Wait(t.Context(), later.Done())
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.wait(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestPulse(t *testing.T) {
	p := signals.NewPulse()
	for range 3 {
		p.Enqueue()
	}
	<-p
	select {
	case <-p:
		t.Error("three changes before anybody looked count as more than one")
	default:
	}
	p.Enqueue()
	<-p
}
