// Package signals has what goroutines tell each other without any data: that
// something has happened once and for all (Latch), that something has changed
// again (Pulse), and how to wait for the first kind.
package signals

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Latch is set once and stays set. Its methods may be called by several
// goroutines at the same time.
type Latch struct {
	done chan struct{}
	set  func()
}

// NewLatch returns a latch that is not set.
func NewLatch() *Latch {
	done := make(chan struct{})
	return &Latch{done: done, set: sync.OnceFunc(func() { close(done) })}
}

// Set sets the latch. To set it again does nothing.
func (l *Latch) Set() { l.set() }

// IsSet reports whether the latch is set.
func (l *Latch) IsSet() bool { return !isOpen(l.done) }

// Done returns a channel that is closed when the latch is set.
func (l *Latch) Done() <-chan struct{} { return l.done }

// Wait waits until all channels are closed, such as Latch.Done or what
// HasSyncedChecker().Done() of an informer returns. It reports false when the
// context ends first. What is closed already counts even if the context has
// ended.
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

// WaitFor is Wait for not longer than a bound.
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

// Pulse tells that something has changed. Whoever looks after it receives from
// it; several changes before that count as one. A nil Pulse never comes.
type Pulse chan struct{}

// NewPulse returns a pulse for one receiver.
func NewPulse() Pulse { return make(Pulse, 1) }

// Enqueue tells of a change and never blocks. Its name makes a Pulse a
// dynamiccertificates.Listener of k8s.io/apiserver.
func (p Pulse) Enqueue() {
	select {
	case p <- struct{}{}:
	default:
	}
}
