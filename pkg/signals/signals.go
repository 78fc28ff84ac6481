// Package signals contains signals between goroutines that carry no data: a
// Latch signals that something has happened, and stays set; a Pulse signals
// each time that something has changed.
package signals

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Latch is set once and stays set. Its methods can be called concurrently.
type Latch struct {
	done chan struct{}
	set  func()
}

// NewLatch returns a latch that is not set.
func NewLatch() *Latch {
	done := make(chan struct{})
	return &Latch{done: done, set: sync.OnceFunc(func() { close(done) })}
}

// Set sets the latch. Further calls have no effect.
func (l *Latch) Set() { l.set() }

// IsSet reports whether the latch is set.
func (l *Latch) IsSet() bool { return !isOpen(l.done) }

// Done returns a channel that is closed when the latch is set.
func (l *Latch) Done() <-chan struct{} { return l.done }

// Wait waits until all channels are closed, for example those of Latch.Done or
// of HasSyncedChecker().Done() of an informer. It returns false if the context
// ends before that. If all channels are closed already, it returns true even if
// the context has ended.
func Wait(ctx context.Context, done ...<-chan struct{}) bool {
	for _, d := range done {
		select {
		case <-d:
		case <-ctx.Done():
			if isOpen(d) {
				return false
			}
		}
	}
	return true
}

// WaitFor is like Wait, but waits no longer than bound.
func WaitFor(ctx context.Context, bound time.Duration, done ...<-chan struct{}) bool {
	if !slices.ContainsFunc(done, isOpen) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return Wait(ctx, done...)
}

func isOpen(done <-chan struct{}) bool {
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// Pulse signals changes to one receiver. Changes that happen before the
// receiver reads from the channel are combined to one. A nil Pulse never
// signals.
type Pulse chan struct{}

// NewPulse returns a pulse for one receiver.
func NewPulse() Pulse { return make(Pulse, 1) }

// Enqueue signals a change. It never blocks. Because of this method, a Pulse is
// a dynamiccertificates.Listener of k8s.io/apiserver.
func (p Pulse) Enqueue() {
	select {
	case p <- struct{}{}:
	default:
	}
}
