// Command bench measures how fast the server starts, how much memory it uses
// when it is idle, and what typical requests cost. It also measures start, memory
// and stop of the servers of pkg/testserver and pkg/testprocess. It starts the
// server itself and prints one table. The table compares the server with kube-apiserver and
// etcd. If -against names a directory with their binaries, they are measured in
// the same run, alternating with the server; otherwise the table contains
// recorded figures. Only ratios of figures from the same run are meaningful.
// In scenarios that write, the server runs for the given time and kube-apiserver for as
// many operations, so that both have the same objects when their memory is compared.
//
// On a machine that also does other work, CPU seconds per 1,000 operations are
// the most reliable figure; rates and latencies can vary by half. One operation
// is one request or, in the watch scenario, one event that one watcher
// receives. The client sends prepared bytes and does not decode answers, so
// that it uses little CPU time. Like client-go, it accepts gzip.
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
	"slices"
	"strings"
	"time"
)

// options contains the flags.
type options struct {
	server, against string
	duration        time.Duration
	only            *regexp.Regexp
	pods, starts    int
	servers         int
	controllers     string
}

func main() {
	var o options
	flag.StringVar(&o.server, "server", "bin/gatehouse", "path of the server's binary")
	flag.StringVar(&o.against, "against", "", "a directory with the binaries kube-apiserver and etcd, to measure them in the same run")
	flag.DurationVar(&o.duration, "duration", 10*time.Second, "measured time of each scenario")
	only := flag.String("only", "", "run only the scenarios whose names match this regular expression")
	flag.IntVar(&o.pods, "pods", 10_000, "pods to list; kube-apiserver's recorded figures are for 10,000")
	flag.IntVar(&o.starts, "starts", 5, "fresh and second starts; the table has the medians")
	flag.IntVar(&o.servers, "servers", 50, "servers of pkg/testserver to start at once in one process")
	flag.StringVar(&o.controllers, "controllers", "", "--controllers of the server during the scenarios; kube-apiserver has none")
	testServers := flag.Int("testservers", 0, "measure only pkg/testserver, with so many servers at once, and pkg/testprocess")
	many := flag.Int("definitions", 0, "measure only the memory of so many large CustomResourceDefinitions")
	files := flag.String("definition-files", "", "a directory with the CustomResourceDefinitions to measure in place of generated ones")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		err = fmt.Errorf("-only: %w", err)
	} else if *testServers > 0 {
		err = measureTestServers(ctx, os.Stdout, *testServers)
	} else if *many > 0 || *files != "" {
		err = measureDefinitions(ctx, os.Stdout, o, *many, *files)
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
	if err := runTestServers(ctx, o); err != nil {
		return fmt.Errorf("testserver: %w", err)
	}

	provider, err := newIdentityProvider()
	if err != nil {
		return err
	}
	defer provider.Close()
	flags, err := provider.flags(dir)
	if err != nil {
		return err
	}
	r := &runner{options: o, dir: dir, flags: flags, provider: provider}
	here, there, err := r.start(ctx, "load", "--disable-admission-plugins=ServiceAccount")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(here, there)) }()
	return r.measureScenarios(ctx, here, there)
}

// runner measures scenarios.
type runner struct {
	options
	// dir is the directory for those of the servers.
	dir string
	// flags are those of all servers.
	flags    []string
	provider *identityProvider
}

// start starts our server and, if it is measured too, kube-apiserver, which is
// otherwise nil. name is that of their directories.
func (r *runner) start(ctx context.Context, name string, flags ...string) (here, there *bench, err error) {
	flags = append(slices.Clone(r.flags), flags...)
	own := append(slices.Clone(flags), "--controllers="+r.controllers)
	if here, err = startBench(ctx, ours(r.server), filepath.Join(r.dir, name), own, r.provider, r.options); err != nil {
		return nil, nil, err
	}
	if r.against != "" {
		if there, err = startBench(ctx, upstream(r.against), filepath.Join(r.dir, name+"-upstream"), flags, r.provider, r.options); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("kube-apiserver: %w", err), stop(here))
		}
	}
	return here, there, nil
}

// stop stops servers, some of which may be nil.
func stop(all ...*bench) (err error) {
	for _, b := range all {
		if b != nil {
			err = errors.Join(err, b.server.stop())
		}
	}
	return err
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

// measureScenarios measures each scenario on both servers in turn. there is nil
// if kube-apiserver is not measured.
func (r *runner) measureScenarios(ctx context.Context, here, there *bench) error {
	printHeader(os.Stdout)
	peak := followPeak(here, there)
	for _, scenario := range scenarios() {
		if !r.only.MatchString(scenario.name) {
			continue
		}
		measure := r.measure
		if scenario.flags != nil {
			measure = r.measureAlone
		}
		if err := measure(ctx, scenario, here, there); err != nil {
			return err
		}
	}
	printMemory(os.Stdout, r.pods, here, there, peak())
	if err := printQuiet(ctx, os.Stdout, here, there); err != nil {
		return err
	}
	printSource(os.Stdout, there)
	return nil
}

// measureAlone measures a scenario with flags of its own, on servers of its own.
func (r *runner) measureAlone(ctx context.Context, s scenario, _, _ *bench) (err error) {
	here, there, err := r.start(ctx, strings.ReplaceAll(s.name, " ", "-"), s.flags...)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	defer func() { err = errors.Join(err, stop(here, there)) }()
	return r.measure(ctx, s, here, there)
}

func (r *runner) measure(ctx context.Context, s scenario, here, there *bench) error {
	result, err := here.measure(ctx, s, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	theirs := s.upstream
	if there != nil {
		measured, err := there.measure(ctx, s, nil)
		if err != nil {
			return fmt.Errorf("kube-apiserver, %s: %w", s.name, err)
		}
		theirs = figures{measured.rate(), measured.cpuPer1000(), measured.quantile(0.99)}
	}
	printResult(os.Stdout, s, result, theirs)
	return nil
}
