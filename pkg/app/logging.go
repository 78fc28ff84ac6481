package app

import (
	"bytes"
	"context"
	"io"
	"os"

	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// silence lets klog drop what quiet drops until applyLogging configures it.
func silence(ctx context.Context, o *logs.Options) {
	if o.Verbosity == 0 {
		klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(quiet{os.Stderr, ctx}))))
	}
}

// applyLogging configures logging. Without --v it logs only warnings and
// errors: the libraries log each step of the start as information, which would
// hide the message that the server is ready. With --log-text-split-stream or
// --log-json-split-stream, information goes to the standard output. The feature
// gates must have been applied.
// When ctx has ended, the server stops, and its parts complain that they cannot
// reach it any more.
func applyLogging(ctx context.Context, o *logs.Options) error {
	var stderr io.Writer = os.Stderr
	if o.Verbosity == 0 && o.Format == logsapi.DefaultLogFormat && !o.Options.Text.SplitStream {
		stderr = quiet{os.Stderr, ctx}
	}
	return logsapi.ValidateAndApplyWithOptions(o, &logsapi.LoggingOptions{ErrorStream: stderr, InfoStream: os.Stdout}, features.Gate())
}

// quiet drops entries of the text format that nobody can act on: those with the
// severity "info", and the warning of a watch cache that is closed while it has
// watches, as happens whenever a CustomResourceDefinition is deleted. Each
// entry is one write and begins with the letter of its severity. When stopping has
// ended, it also drops what is a consequence of the stop.
type quiet struct {
	io.Writer
	stopping context.Context
}

func (w quiet) Write(entry []byte) (int, error) {
	if bytes.HasPrefix(entry, []byte("I")) || bytes.Contains(entry, []byte("] Terminating all watchers from cacher ")) {
		return len(entry), nil
	}
	if w.stopping.Err() != nil && bytes.Contains(entry, []byte("connect: connection refused")) {
		return len(entry), nil
	}
	return w.Writer.Write(entry)
}
