package app

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/gatehouse-k8s/gatehouse/pkg/refusals"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// parentOptions are flags for programs that start the server as a child, such as
// pkg/testprocess.
type parentOptions struct {
	stopWithStdin bool
	logRefused    bool
}

func (p *parentOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&p.stopWithStdin, "stop-with-stdin", false, ""+
		"Stop when standard input ends. A program that starts the server with a pipe as standard input does not leave it behind, even if the program is killed.")
	fs.BoolVar(&p.logRefused, "log-refused-requests", false, ""+
		"Write a line to standard error for each request that the server refuses: who sent what, the answer, and the authorizer or admission plugin that refused it.")
}

// apply applies the flags. The returned context ends when the server is to stop.
func (p *parentOptions) apply(ctx context.Context, o *options.Options, stdin io.Reader) context.Context {
	if p.logRefused {
		o.Embedding.Refused = func(r refusals.Refusal) { fmt.Fprintln(os.Stderr, r) }
	}
	if !p.stopWithStdin {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin) // an error ends the input as well
	}()
	return ctx
}
