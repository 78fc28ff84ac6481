package main

import (
	"fmt"
	"io"
	"math"
	goruntime "runtime"
	"slices"
	"time"
)

const (
	startLine = "%-34s %10s %10s\n"
	line      = "%-36s %8s %7s %7s %8s %9s %8s %8s %6s\n"
)

func printMachine(w io.Writer, program string) {
	cpu := procField("/proc/cpuinfo", "model name")
	if cpu == "" {
		cpu = goruntime.GOARCH
	}
	fmt.Fprintf(w, "%s on %s/%s, %d CPUs (%s), memory %s KiB, %s\n\n", program, goruntime.GOOS, goruntime.GOARCH,
		goruntime.NumCPU(), cpu, procField("/proc/meminfo", "MemTotal"), time.Now().Format(time.DateTime))
}

func printStarts(w io.Writer, here, upstream begin) {
	fmt.Fprintf(w, startLine, "", "here", "upstream")
	fmt.Fprintf(w, startLine, "exec to /readyz, fresh", ms(here.fresh), ms(upstream.fresh))
	fmt.Fprintf(w, startLine, "exec to /readyz, second start", ms(here.second), ms(upstream.second))
	fmt.Fprintf(w, startLine, "CPU until ready, fresh", ms(here.freshCPU), ms(upstream.freshCPU))
	fmt.Fprintf(w, startLine, "CPU until ready, second start", ms(here.secondCPU), ms(upstream.secondCPU))
	fmt.Fprintf(w, startLine, "SIGTERM to the end, idle", ms(here.stop), ms(upstream.stop))
	printUsage(w, "idle", here.memory, upstream.memory)
}

// ms formats a time, which is zero if it is not known.
func ms(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}

// mib formats a size in MiB, which is zero if it is not known.
func mib(m float64) string {
	if m == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MiB", m)
}

// printUsage prints anonymous and resident memory, as far as they are known.
func printUsage(w io.Writer, when string, here, upstream memory) {
	fmt.Fprintf(w, startLine, "anonymous memory, "+when, mib(here.anonymous), mib(upstream.anonymous))
	fmt.Fprintf(w, startLine, "resident memory, "+when, mib(here.resident), mib(upstream.resident))
}

// printMemory prints the memory under load. there is nil if kube-apiserver is
// not measured. peak has the most anonymous memory of either during the scenarios.
func printMemory(w io.Writer, pods int, here, there *bench, peak [2]float64) {
	fmt.Fprintln(w)
	loaded, end, perDefinition := recordedLoaded, memory{}, ""
	if there != nil {
		loaded, end = there.memory, there.server.memory()
		perDefinition = definitionSize(there)
	}
	if here.memory.resident > 0 {
		printUsage(w, fmt.Sprintf("%d pods created", pods), here.memory, loaded)
	}
	if here.perDefinition > 0 {
		fmt.Fprintf(w, startLine, "heap and stacks, a CRD in use", definitionSize(here), perDefinition)
	}
	fmt.Fprintf(w, startLine, "anonymous memory, peak", mib(peak[0]), mib(peak[1]))
	printUsage(w, "at the end", here.server.memory(), end)
}

// printSource says where the figures of kube-apiserver are from. there is nil if it was not measured.
func printSource(w io.Writer, there *bench) {
	source := "v1.36.3 and 3.6.8, recorded on 2 noisy cores,\nlists and memory with 10,000 pods"
	if there != nil {
		source = "measured in the same run"
	}
	fmt.Fprintln(w, "\nupstream: kube-apiserver and etcd, both processes, "+source+";\nratio: CPU here to CPU there")
}

func definitionSize(b *bench) string { return fmt.Sprintf("%.2f MiB", b.perDefinition) }

func printHeader(w io.Writer) {
	fmt.Fprintln(w)
	fmt.Fprintf(w, line, "", "", "", "", "CPU s", "upstream", "upstream", "upstream", "")
	fmt.Fprintf(w, line, "scenario (clients)", "ops/s", "p50 ms", "p99 ms", "per 1000", "ops/s", "p99 ms", "CPU s", "ratio")
}

func printResult(w io.Writer, s scenario, r *result, upstream figures) {
	fmt.Fprintf(w, line, fmt.Sprintf("%s (%d)", s.name, s.clients), digits(r.rate()), digits(r.quantile(0.5)), digits(r.quantile(0.99)),
		digits(r.cpuPer1000()), digits(upstream.rate), digits(upstream.p99), digits(upstream.cpu), digits(r.cpuPer1000()/upstream.cpu))
}

// digits formats a figure with three significant digits.
func digits(v float64) string {
	switch {
	case v == 0 || math.IsInf(v, 1): // kube-apiserver was not measured
		return ""
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

// result contains the figures of a scenario.
type result struct {
	elapsed, cpu time.Duration
	latencies    []time.Duration
	// warmUp is the number of operations before the measured time.
	warmUp int
}

// rate returns the operations per second.
func (r *result) rate() float64 { return float64(len(r.latencies)) / r.elapsed.Seconds() }

// cpuPer1000 returns the server's CPU time in seconds per 1,000 operations.
func (r *result) cpuPer1000() float64 { return r.cpu.Seconds() * 1000 / float64(len(r.latencies)) }

// quantile returns a quantile of the latency in milliseconds.
func (r *result) quantile(q float64) float64 {
	slices.Sort(r.latencies)
	return r.latencies[min(int(q*float64(len(r.latencies))), len(r.latencies)-1)].Seconds() * 1000
}
