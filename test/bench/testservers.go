package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-k8s/gatehouse/pkg/testprocess"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

const (
	// further is the number of servers that are started one after the other.
	further = 5
	// idleAfter is the time after which a server counts as idle.
	idleAfter = 3 * time.Second
	// memoryBound is the anonymous memory, in MiB, beyond which no further server is
	// started.
	memoryBound = 3000
)

// runTestServers runs measureTestServers in a process that has done nothing else.
func runTestServers(ctx context.Context, o options) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	binary, err := filepath.Abs(o.server)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "-testservers="+strconv.Itoa(o.servers))
	cmd.Env = append(os.Environ(), "GATEHOUSE_BINARY="+binary)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// stopper is a server of testserver or testprocess.
type stopper interface{ Stop() error }

// measureTestServers measures the servers of pkg/testserver in this process, and
// one of pkg/testprocess. count is how many are started at once.
func measureTestServers(ctx context.Context, w io.Writer, count int) error {
	debug.SetMemoryLimit(memoryBound << 20)
	inProcess := func(ctx context.Context) (stopper, error) { return testserver.New(ctx) }
	var all []stopper
	var ready []time.Duration
	var idle []float64
	for range 1 + further {
		begin := time.Now()
		s, err := inProcess(ctx)
		if err != nil {
			return errors.Join(err, stopAll(all))
		}
		ready, all = append(ready, time.Since(begin)), append(all, s)
		idle = append(idle, idleMemory())
	}
	var stopping []time.Duration
	for _, s := range all {
		begin := time.Now()
		if err := s.Stop(); err != nil {
			return err
		}
		stopping = append(stopping, time.Since(begin))
	}
	printFigure(w, "testserver, first one ready", ms(ready[0]))
	printFigure(w, "  each further one ready", ms(middle(ready[1:])))
	printFigure(w, "  anonymous memory, one idle", mib(idle[0]))
	printFigure(w, "  each further one, idle", mib((idle[further]-idle[0])/further))
	printFigure(w, "  stop", ms(middle(stopping)))
	if err := measureAtOnce(ctx, w, inProcess, count); err != nil {
		return err
	}
	return measureTestProcess(ctx, w)
}

// measureAtOnce starts many servers at the same time.
func measureAtOnce(ctx context.Context, w io.Writer, start func(context.Context) (stopper, error), count int) error {
	all := make([]stopper, count)
	starting, startCtx := errgroup.WithContext(ctx)
	begin := time.Now()
	for i := range all {
		starting.Go(func() (err error) {
			if used := ownMemory(); used > memoryBound {
				return fmt.Errorf("%.0f MiB of memory are in use, more than %d", used, memoryBound)
			}
			s, err := start(startCtx)
			if err == nil {
				all[i] = s
			}
			return err
		})
	}
	err := starting.Wait()
	took, peak := time.Since(begin), ownMemory()
	if err != nil {
		return errors.Join(err, stopAll(all))
	}
	idle := idleMemory()
	begin = time.Now()
	if err := stopAll(all); err != nil {
		return err
	}
	printFigure(w, fmt.Sprintf("%d at once, all ready", count), ms(took))
	printFigure(w, "  anonymous memory, all ready", mib(peak))
	printFigure(w, "  anonymous memory, idle", mib(idle))
	printFigure(w, "  stop of all", ms(time.Since(begin)))
	return nil
}

// measureTestProcess measures a server in a process of its own.
func measureTestProcess(ctx context.Context, w io.Writer) error {
	begin := time.Now()
	s, err := testprocess.New(ctx)
	if err != nil {
		return err
	}
	ready := time.Since(begin)
	time.Sleep(idleAfter)
	memory := childMemory()
	begin = time.Now()
	if err := s.Stop(); err != nil {
		return err
	}
	printFigure(w, "testprocess, ready", ms(ready))
	printFigure(w, "  anonymous memory, idle", mib(memory))
	printFigure(w, "  stop", ms(time.Since(begin)))
	return nil
}

func stopAll(all []stopper) error {
	var stopping errgroup.Group
	for _, s := range all {
		if s != nil {
			stopping.Go(s.Stop)
		}
	}
	return stopping.Wait()
}

// idleMemory waits until the servers are idle, returns what they do not use to the
// system, and returns the anonymous memory of this process in MiB.
func idleMemory() float64 {
	time.Sleep(idleAfter)
	debug.FreeOSMemory()
	return ownMemory()
}

// ownMemory returns the anonymous memory of this process in MiB. Without /proc it is
// what Go has obtained from the system.
func ownMemory() float64 {
	if kib, err := strconv.Atoi(procField("/proc/self/status", "RssAnon")); err == nil {
		return float64(kib) / 1024
	}
	var stats goruntime.MemStats
	goruntime.ReadMemStats(&stats)
	return float64(stats.Sys-stats.HeapReleased) / (1 << 20)
}

// childMemory returns the anonymous memory in MiB of the processes that this one has
// started, or zero if there is no /proc.
func childMemory() (total float64) {
	files, _ := filepath.Glob("/proc/[0-9]*/status") // the pattern is valid
	for _, file := range files {
		if procField(file, "PPid") == strconv.Itoa(os.Getpid()) {
			kib, _ := strconv.Atoi(procField(file, "RssAnon"))
			total += float64(kib) / 1024
		}
	}
	return total
}

// middle returns the median. all must not be empty.
func middle(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func printFigure(w io.Writer, what, figure string) {
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf(startLine, what, figure, ""), " \n"))
}
