package testprocess

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
)

const (
	// binaryVariable is the environment variable that names the program.
	binaryVariable = "GATEHOUSE_BINARY"
	tool           = "github.com/gatehouse-k8s/gatehouse/cmd/gatehouse"
)

// found is the program that findBinary has found. All servers of a test binary
// use the same one.
var found struct {
	sync.Mutex
	path string
}

// findBinary returns the path of the program. The first call may build it, which
// takes minutes when nothing of it is in Go's build cache.
func findBinary(ctx context.Context) (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return path, nil
	}
	found.Lock()
	defer found.Unlock()
	if found.path != "" {
		return found.path, nil
	}
	// -n prints the path of the program, which it builds if it is not in the cache.
	command := exec.CommandContext(ctx, "go", "tool", "-n", tool)
	// Without cgo the program is smaller, and is the same that is released.
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s\nadd it with 'go get -tool %s', or set %s", strings.Join(command.Args, " "), err,
			bytes.TrimSpace(stderr.Bytes()), tool, binaryVariable)
	}
	path := strings.TrimSpace(string(output))
	if _, err := os.Stat(path); err != nil {
		return "", errors.Join(fmt.Errorf("%s has printed no path of a program", strings.Join(command.Args, " ")), err)
	}
	found.path = path
	return path, nil
}
