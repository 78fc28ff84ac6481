package server

import (
	"context"
	"sync"
)

// lifetime is what runs as long as the server does, and what is undone when it
// ends, or when it never ran.
type lifetime struct {
	mu         sync.Mutex
	background []func(context.Context)
	closers    []func()
}

// runs adds something that runs until the context of the server ends.
func (l *lifetime) runs(f func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.background = append(l.background, f)
}

// onClose adds something that is done when the server ends, before what was
// added earlier.
func (l *lifetime) onClose(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

// start starts what runs with the server.
func (l *lifetime) start(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, run := range l.background {
		go run(ctx)
	}
}

// close undoes everything, last first. A second call does nothing.
func (l *lifetime) close() {
	l.mu.Lock()
	closers := l.closers
	l.closers = nil
	l.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		closers[i]()
	}
}
