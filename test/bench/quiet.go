package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// sampling is the time between two looks at the memory of the servers.
	sampling = 100 * time.Millisecond
	// quiet is how long the servers rest after the scenarios, until their memory is measured again.
	quiet = time.Minute
)

// followPeak looks at the anonymous memory of both servers again and again until the returned function is called, which
// returns the most that each had. there may be nil.
func followPeak(here, there *bench) (stop func() [2]float64) {
	var peak [2]float64
	var following sync.WaitGroup
	done := make(chan struct{})
	following.Go(func() {
		for {
			for i, b := range []*bench{here, there} {
				if b != nil {
					peak[i] = max(peak[i], b.server.memory().anonymous)
				}
			}
			select {
			case <-done:
				return
			case <-time.After(sampling):
			}
		}
	})
	return func() [2]float64 {
		close(done)
		following.Wait()
		return peak
	}
}

// printQuiet waits for a while and then prints how much memory the servers have returned, and how much of it is in
// use.
func printQuiet(ctx context.Context, w io.Writer, here, there *bench) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(quiet):
	}
	var rest [2]memory
	var live [2]float64
	for i, b := range []*bench{here, there} {
		if b == nil {
			continue
		}
		rest[i] = b.server.memory()
		var err error
		if live[i], err = b.inUse(ctx); err != nil {
			return err
		}
	}
	printUsage(w, "a minute later", rest[0], rest[1])
	fmt.Fprintf(w, startLine, "heap and stacks then", mib(live[0]), mib(live[1]))
	return nil
}
