// Command bench measures the server: how fast it starts, what it holds when
// idle, and what typical requests cost. It starts the server itself and prints
// one table, with what kube-apiserver and etcd need for the same beside it.
//
// CPU seconds for 1,000 operations are the figure to trust on a machine that
// does other work too: rates and latencies swing by half. One operation is one
// request, in the fan-out one event at one watcher. The client sends prepared
// bytes and decodes nothing, so that it takes little of the machine; it asks
// for gzip as client-go does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

func main() {
	server := flag.String("server", "bin/gatehouse", "the server's binary")
	duration := flag.Duration("duration", 10*time.Second, "measured time of each scenario")
	only := flag.String("only", "", "run only the scenarios whose names match this regular expression")
	pods := flag.Int("pods", 10_000, "pods to list; kube-apiserver's figures are for 10,000")
	starts := flag.Int("starts", 5, "fresh and second starts; the table has the medians")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, *server, *only, *duration, *pods, *starts); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program, only string, duration time.Duration, pods, starts int) (err error) {
	matches, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	printMachine(os.Stdout, program)
	begun, err := measureStarts(ctx, program, dir, starts)
	if err != nil {
		return err
	}
	printStarts(os.Stdout, begun)

	provider, err := newIdentityProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	flags, err := provider.flags(dir)
	if err != nil {
		return err
	}
	s, err := start(ctx, program, filepath.Join(dir, "load"), flags...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	bench, err := newBench(s, provider, duration, pods)
	if err != nil {
		return err
	}
	printHeader(os.Stdout)
	for _, scenario := range scenarios() {
		if !matches.MatchString(scenario.name) {
			continue
		}
		result, err := bench.measure(ctx, scenario)
		if err != nil {
			return fmt.Errorf("%s: %w", scenario.name, err)
		}
		printResult(os.Stdout, scenario, result)
	}
	printMemory(os.Stdout, pods, bench.memory, bench.perDefinition, s.memory())
	return nil
}
