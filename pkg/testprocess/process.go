package testprocess

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver/setup"
)

const (
	// readyText is in the line with which the program tells that it is ready, before
	// its address.
	readyText = " is ready on "
	// refusedPrefix begins the lines of --log-refused-requests.
	refusedPrefix = "refused"
	// maxLine is the greatest length of a line that the program prints. An audit
	// event has the bodies of the request and the answer.
	maxLine = 64 << 20
	// auditPolicy is the policy of testserver: all requests, with their bodies.
	auditPolicy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: RequestResponse}]\n"
)

// process is a setup.Runner that runs the program.
type process struct{}

// Start implements setup.Runner.
func (*process) Start(ctx context.Context, o setup.Options, report setup.Report) (setup.Running, error) {
	running, err := start(ctx, o, report)
	if err != nil {
		return setup.Running{}, fmt.Errorf("testprocess: %w", err)
	}
	return running, nil
}

func start(ctx context.Context, o setup.Options, report setup.Report) (running setup.Running, err error) {
	if o.NoSocket {
		return running, errors.New("a server in a process of its own needs a socket: NoSocket is for testserver")
	}
	path, err := findBinary(ctx)
	if err != nil {
		return running, err
	}
	args, err := arguments(o)
	if err != nil {
		return running, err
	}
	c := &child{command: exec.Command(path, args...), audit: o.Audit, report: report, ready: make(chan string, 1)}
	if err := c.start(); err != nil {
		return running, err
	}
	select {
	case running.URL = <-c.ready:
		running.Stop = c.stop
		return running, nil
	case <-c.ended:
		return running, fmt.Errorf("%s: %w: %s", path, c.err, c.last)
	case <-ctx.Done():
		return running, errors.Join(fmt.Errorf("not ready: %w", ctx.Err()), c.stop())
	}
}

// arguments returns the command line of the program.
func arguments(o setup.Options) ([]string, error) {
	args := append([]string{"--secure-port=0", "--stop-with-stdin", "--log-refused-requests"}, o.Args()...)
	if _, external := o.Flag("etcd-servers"); !external {
		args = append(args, "--embedded-etcd-unsafe-no-fsync")
	}
	if o.Verbose {
		args = append(args, "--v=1")
	}
	if o.Audit != nil {
		args = append(args, "--audit-log-path=-")
		if _, given := o.Flag("audit-policy-file"); !given {
			file := filepath.Join(o.DataDir, "audit-policy.yaml")
			if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
				return nil, err
			}
			if err := os.WriteFile(file, []byte(auditPolicy), 0o600); err != nil {
				return nil, err
			}
			args = append(args, "--audit-policy-file="+file)
		}
	}
	return args, nil
}

// child is a running program.
type child struct {
	command *exec.Cmd
	audit   func(*auditv1.Event)
	report  setup.Report
	// ready receives the URL of the server.
	ready chan string

	stdin  io.Closer
	output sync.WaitGroup
	// ended is closed when the program has ended; err and last, the last line of its
	// log, can be read then.
	ended chan struct{}
	err   error
	last  string
}

func (c *child) start() error {
	stdin, err := c.command.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := c.command.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := c.command.StderrPipe()
	if err != nil {
		return err
	}
	if err := c.command.Start(); err != nil {
		return err
	}
	c.stdin, c.ended = stdin, make(chan struct{})
	c.output.Go(func() { eachLine(stdout, c.printed) })
	c.output.Go(func() { eachLine(stderr, c.logged) })
	go func() {
		defer close(c.ended)
		c.output.Wait()
		c.err = c.command.Wait()
	}()
	return nil
}

// stop ends the standard input, on which the program stops.
func (c *child) stop() error {
	_ = c.stdin.Close() // fails if the program has ended
	<-c.ended
	return c.err
}

// printed handles a line of the standard output: an audit event, or that the
// server is ready.
func (c *child) printed(line string) {
	if _, rest, isReady := strings.Cut(line, readyText); isReady && !strings.HasPrefix(line, "{") {
		url, _, _ := strings.Cut(rest, " ")
		c.ready <- url
		return
	}
	event := &auditv1.Event{}
	if err := json.Unmarshal([]byte(line), event); err != nil || c.audit == nil {
		c.report.Log(line)
		return
	}
	c.audit(event)
}

// logged handles a line of the log.
func (c *child) logged(line string) {
	if strings.HasPrefix(line, refusedPrefix) {
		c.report.Refused(line)
		return
	}
	c.last = line
	c.report.Log(line)
}

// eachLine calls a function for each line, to the end.
func eachLine(reader io.Reader, handle func(line string)) {
	lines := bufio.NewScanner(reader)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		handle(lines.Text())
	}
	_, _ = io.Copy(io.Discard, reader) // after a line that is too long, so that the program is not blocked
}
