package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// containers run commands. All of them run in one directory of the host, apart
// from these, which are for tests:
//
//	cat           prints its input
//	count         prints how many bytes its input has
//	size          waits for the size of the terminal and prints it
//	zeros BYTES   prints that many zero bytes
type containers struct{ dir string }

// ExecInContainer implements remotecommand.Executor.
func (c containers) ExecInContainer(ctx context.Context, _, _, _ string, command []string, in io.Reader, out, errOut io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	if len(command) == 0 {
		return errors.New("no command")
	}
	if tty {
		errOut = out
	}
	switch command[0] {
	case "size":
		size := <-resize
		_, err := fmt.Fprintf(out, "%dx%d\n", size.Width, size.Height)
		return err
	case "zeros":
		count, err := strconv.ParseInt(command[1], 10, 64)
		if err == nil {
			_, err = io.Copy(out, Zeros(count))
		}
		return err
	case "count":
		count, err := io.Copy(io.Discard, in)
		if err == nil {
			_, err = fmt.Fprint(out, count)
		}
		return err
	case "cat":
		_, err := io.Copy(out, in)
		return err
	}
	return c.run(ctx, command, in, out, errOut)
}

func (c containers) run(ctx context.Context, command []string, in io.Reader, out, errOut io.Writer) error {
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Dir, process.Stdin, process.Stdout, process.Stderr = c.dir, in, out, errOut
	process.WaitDelay = time.Second // its input may stay open longer than it runs
	err := process.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return utilexec.CodeExitError{Err: err, Code: exit.ExitCode()}
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// AttachContainer implements remotecommand.Attacher. The container greets its
// client and answers with what the client says.
func (c containers) AttachContainer(_ context.Context, name, _, container string, in io.Reader, out, _ io.WriteCloser,
	_ bool, _ <-chan remotecommand.TerminalSize) error {
	if _, err := fmt.Fprintf(out, "attached to %s/%s\n", name, container); err != nil || in == nil {
		return err
	}
	_, err := io.Copy(out, in)
	return err
}

// Zeros returns so many zero bytes.
func Zeros(count int64) io.Reader { return io.LimitReader(zeros{}, count) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// ports are those of a pod: port 7 echoes, and the others are TCP ports of the
// host.
type ports struct{}

// EchoPort is the port of every pod that sends back what it receives.
const EchoPort = 7

// PortForward implements portforward.PortForwarder.
func (ports) PortForward(ctx context.Context, _, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	if port == EchoPort {
		_, err := io.Copy(stream, stream)
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	go func() {
		_, _ = io.Copy(conn, stream)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(stream, conn)
	return err
}
