package server

import (
	"context"
	"sync"
)

// lifetime collects the functions that run while the server runs, and those
// that clean up when the server stops or is closed without having run.
type lifetime struct {
	mu         sync.Mutex
	background []func(context.Context)
	closers    []func()
}

// runs adds a function that start calls in its own goroutine. Its context ends
// when the server stops.
func (l *lifetime) runs(f func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.background = append(l.background, f)
}

// onClose adds a cleanup function. close calls these functions in reverse
// order, like defer.
func (l *lifetime) onClose(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closers = append(l.closers, f)
}

// start starts the functions that were added with runs.
func (l *lifetime) start(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, run := range l.background {
		go run(ctx)
	}
}

// close calls the cleanup functions. Further calls have no effect.
func (l *lifetime) close() {
	l.mu.Lock()
	closers := l.closers
	l.closers = nil
	l.mu.Unlock()
	for i := len(closers) - 1; i >= 0; i-- {
		closers[i]()
	}
}
