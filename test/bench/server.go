package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// server is a running server.
type server struct {
	// processes are stopped in this order. The first one is the API server.
	processes []*process
	config    *restclient.Config
	// ready is the time from exec to the first answer 200 of /readyz, and
	// readyCPU the CPU time until then.
	ready, readyCPU time.Duration
}

// process is a running program.
type process struct {
	cmd    *exec.Cmd
	exited chan error
}

func run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan error, 1)}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.exited <- cmd.Wait() }()
	return p, nil
}

// starter runs a server on a data directory and waits until it is ready.
type starter func(ctx context.Context, dir string, flags ...string) (*server, error)

// ours starts the server of this project.
func ours(program string) starter {
	return func(ctx context.Context, dir string, flags ...string) (*server, error) {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		cmd := exec.Command(program, append(flags, "--data-dir="+dir, "--secure-port="+port)...)
		cmd.Stderr = os.Stderr
		begin := time.Now()
		p, err := run(cmd)
		if err != nil {
			return nil, err
		}
		s := &server{processes: []*process{p}}
		if err := s.awaitReady(ctx, begin, port); err != nil {
			return nil, errors.Join(err, s.stop())
		}
		// The server writes the kubeconfig before it listens.
		if s.config, err = clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "admin.kubeconfig")); err != nil {
			return nil, errors.Join(err, s.stop())
		}
		return s, nil
	}
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), listener.Close()
}

func (s *server) awaitReady(ctx context.Context, begin time.Time, port string) error {
	url := "https://127.0.0.1:" + port + "/readyz"
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig.InsecureSkipVerify = true // the CA does not exist yet
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 5 * time.Second}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ; ; time.Sleep(2 * time.Millisecond) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				s.ready, s.readyCPU = time.Since(begin), s.cpu()
				return nil
			}
		}
		select {
		case err := <-s.processes[0].exited:
			s.processes[0].exited <- err
			return fmt.Errorf("the server ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w", ctx.Err())
		default:
		}
	}
}

// stop ends the processes one after another with SIGTERM.
func (s *server) stop() (err error) {
	for _, p := range s.processes {
		err = errors.Join(err, p.stop())
	}
	return err
}

func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails if the process has ended
	select {
	case err := <-p.exited:
		p.exited <- err
		// etcd closes its files, and then terminates itself by the same signal.
		if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGTERM {
			return nil
		}
		return err
	case <-time.After(time.Minute):
		return errors.Join(fmt.Errorf("%s does not stop", p.cmd.Path), p.cmd.Process.Kill())
	}
}

// begin contains the figures of a start.
type begin struct {
	fresh, second, stop time.Duration
	freshCPU, secondCPU time.Duration
	memory              memory
}

// measureStarts starts a server on a new directory and then again on the same
// directory. It repeats this several times and returns the medians.
func measureStarts(ctx context.Context, start starter, dir string, count int) (begin, error) {
	all := make([]begin, count)
	for i := range all {
		b, data := &all[i], filepath.Join(dir, "start-"+strconv.Itoa(i))
		fresh, err := start(ctx, data)
		if err != nil {
			return begin{}, err
		}
		b.fresh, b.freshCPU = fresh.ready, fresh.readyCPU
		time.Sleep(3 * time.Second)
		b.memory = fresh.memory()
		stopping := time.Now()
		if err := fresh.stop(); err != nil {
			return begin{}, err
		}
		b.stop = time.Since(stopping)
		second, err := start(ctx, data)
		if err != nil {
			return begin{}, err
		}
		b.second, b.secondCPU = second.ready, second.readyCPU
		if err := second.stop(); err != nil {
			return begin{}, err
		}
	}
	return begin{
		fresh:     median(all, func(b begin) time.Duration { return b.fresh }),
		second:    median(all, func(b begin) time.Duration { return b.second }),
		stop:      median(all, func(b begin) time.Duration { return b.stop }),
		freshCPU:  median(all, func(b begin) time.Duration { return b.freshCPU }),
		secondCPU: median(all, func(b begin) time.Duration { return b.secondCPU }),
		memory: memory{
			anonymous: median(all, func(b begin) float64 { return b.memory.anonymous }),
			resident:  median(all, func(b begin) float64 { return b.memory.resident }),
		},
	}, nil
}

// median returns the median of a figure. all must not be empty.
func median[T time.Duration | float64](all []begin, figure func(begin) T) T {
	figures := make([]T, len(all))
	for i, b := range all {
		figures[i] = figure(b)
	}
	slices.Sort(figures)
	return figures[len(figures)/2]
}
