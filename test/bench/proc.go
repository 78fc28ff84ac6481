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

// cpu is the CPU time that the server has used, from /proc; zero where there is
// none.
func (s *server) cpu() time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
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

// memory is the server's resident memory in MiB; zero without /proc.
func (s *server) memory() float64 {
	kib, _ := strconv.Atoi(procField(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid), "VmRSS"))
	return float64(kib) / 1024
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
