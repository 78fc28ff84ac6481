// Command progress reads the output of "go test -json" and prints a line for each
// package when its tests have ended, the whole output of tests that fail, and every
// 15 seconds what is under way. Its exit code is 1 if something has failed.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"
)

// interval is the time between two lines that say what is under way.
const interval = 15 * time.Second

func main() {
	r := newReport(os.Stdout)
	lines := make(chan []byte)
	var readErr error
	go func() {
		defer close(lines)
		readErr = eachLine(os.Stdin, lines)
	}()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case line, more := <-lines:
			if !more {
				if readErr != nil {
					fmt.Fprintln(os.Stderr, "progress:", readErr)
				}
				r.summary()
				if readErr != nil || r.failed() {
					os.Exit(1)
				}
				return
			}
			r.line(line)
		case now := <-ticker.C:
			r.underWay(now)
		}
	}
}

// eachLine sends each line, however long it is.
func eachLine(from io.Reader, to chan<- []byte) error {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			to <- line
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
