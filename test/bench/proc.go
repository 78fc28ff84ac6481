package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc, on every Linux that Go supports.
const tick = 10 * time.Millisecond

// cpu is the CPU time that all processes of the server have used, from /proc;
// zero where there is none.
func (s *server) cpu() (total time.Duration) {
	for _, p := range s.processes {
		total += p.cpu()
	}
	return total
}

func (p *process) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	// The command's name, in parentheses, may contain anything.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}

// memory is what processes hold, in MiB. Anonymous memory is what nobody else
// can use. Resident memory has the pages of the binaries, too, which the kernel
// takes back without any cost when it needs them.
type memory struct{ anonymous, resident float64 }

// memory is that of all processes of the server; zero without /proc.
func (s *server) memory() (total memory) {
	for _, p := range s.processes {
		status := fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)
		anonymous, _ := strconv.Atoi(procField(status, "RssAnon"))
		resident, _ := strconv.Atoi(procField(status, "VmRSS"))
		total.anonymous += float64(anonymous) / 1024
		total.resident += float64(resident) / 1024
	}
	return total
}

// procField finds "name: value unit" in a file and returns the value; "model
// name" has several words, which all count.
func procField(file, name string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB"))
		}
	}
	return ""
}
