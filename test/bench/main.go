// Command bench measures the server: how fast it starts, what it holds when
// idle, and what typical requests cost. It starts the server itself and prints
// one table, with what kube-apiserver and etcd need for the same beside it:
// measured in turns with the server when -against names a directory with
// their binaries, and otherwise as it was recorded once. Only ratios of what was
// measured in one run mean anything.
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

// options are the flags.
type options struct {
	server, against string
	duration        time.Duration
	only            *regexp.Regexp
	pods, starts    int
}

func main() {
	var o options
	flag.StringVar(&o.server, "server", "bin/gatehouse", "the server's binary")
	flag.StringVar(&o.against, "against", "", "a directory with the binaries kube-apiserver and etcd, to measure them in the same run")
	flag.DurationVar(&o.duration, "duration", 10*time.Second, "measured time of each scenario")
	only := flag.String("only", "", "run only the scenarios whose names match this regular expression")
	flag.IntVar(&o.pods, "pods", 10_000, "pods to list; kube-apiserver's recorded figures are for 10,000")
	flag.IntVar(&o.starts, "starts", 5, "fresh and second starts; the table has the medians")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		err = fmt.Errorf("-only: %w", err)
	} else {
		err = measureAll(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measureAll(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	printMachine(os.Stdout, o.server)
	begun, err := measureStarts(ctx, ours(o.server), filepath.Join(dir, "ours"), o.starts)
	if err != nil {
		return err
	}
	theirs := recordedStart
	if o.against != "" {
		if theirs, err = measureStarts(ctx, upstream(o.against), filepath.Join(dir, "upstream"), o.starts); err != nil {
			return fmt.Errorf("kube-apiserver: %w", err)
		}
	}
	printStarts(os.Stdout, begun, theirs)

	provider, err := newIdentityProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	flags, err := provider.flags(dir)
	if err != nil {
		return err
	}
	// There is no controller that would make the service accounts of pods.
	flags = append(flags, "--disable-admission-plugins=ServiceAccount")
	here, err := startBench(ctx, ours(o.server), filepath.Join(dir, "load"), flags, provider, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, here.server.stop()) }()
	var there *bench
	if o.against != "" {
		if there, err = startBench(ctx, upstream(o.against), filepath.Join(dir, "load-upstream"), flags, provider, o); err != nil {
			return fmt.Errorf("kube-apiserver: %w", err)
		}
		defer func() { err = errors.Join(err, there.server.stop()) }()
	}
	return measureScenarios(ctx, o, here, there)
}

func startBench(ctx context.Context, start starter, dir string, flags []string, provider *identityProvider, o options) (*bench, error) {
	s, err := start(ctx, dir, flags...)
	if err != nil {
		return nil, err
	}
	b, err := newBench(s, provider, o.duration, o.pods)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return b, nil
}

// measureScenarios lets the servers take turns; there is nil when kube-apiserver
// is not measured.
func measureScenarios(ctx context.Context, o options, here, there *bench) error {
	printHeader(os.Stdout)
	for _, scenario := range scenarios() {
		if !o.only.MatchString(scenario.name) {
			continue
		}
		result, err := here.measure(ctx, scenario)
		if err != nil {
			return fmt.Errorf("%s: %w", scenario.name, err)
		}
		theirs := scenario.upstream
		if there != nil {
			measured, err := there.measure(ctx, scenario)
			if err != nil {
				return fmt.Errorf("kube-apiserver, %s: %w", scenario.name, err)
			}
			theirs = figures{measured.rate(), measured.cpuPer1000()}
		}
		printResult(os.Stdout, scenario, result, theirs)
	}
	printMemory(os.Stdout, o.pods, here, there)
	return nil
}
