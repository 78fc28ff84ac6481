package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU time in /proc on all Linux platforms that Go
// supports.
const tick = 10 * time.Millisecond

// cpu returns the CPU time that all processes of the server have used, or zero
// if there is no /proc.
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
	// The name of the command is in parentheses and may contain any character.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}

// memory is the memory of processes in MiB. Anonymous memory belongs to the
// processes alone. Resident memory also contains pages of the binaries, which
// the kernel can discard at no cost when it needs memory.
type memory struct{ anonymous, resident float64 }

// memory returns the memory of all processes of the server, or zero if there is
// no /proc.
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

// procField returns the value of the line "name: value" in a file, without the
// unit kB.
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
