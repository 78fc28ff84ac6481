package app

import (
	"bytes"
	"io"
	"os"

	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // --logging-format=json
)

// applyLogging configures logging. Without --v it logs only warnings and
// errors: the libraries log each step of the start as information, which would
// hide the message that the server is ready.
func applyLogging(o *logs.Options) error {
	var stderr io.Writer = os.Stderr
	if o.Verbosity == 0 && o.Format == logsapi.DefaultLogFormat {
		stderr = quiet{os.Stderr}
	}
	return logsapi.ValidateAndApplyWithOptions(o, &logsapi.LoggingOptions{ErrorStream: stderr, InfoStream: stderr}, nil)
}

// quiet drops entries of the text format that nobody can act on: those with the
// severity "info", and the warning of a watch cache that is closed while it has
// watches, as happens whenever a CustomResourceDefinition is deleted. Each
// entry is one write and begins with the letter of its severity.
type quiet struct{ io.Writer }

func (w quiet) Write(entry []byte) (int, error) {
	if bytes.HasPrefix(entry, []byte("I")) || bytes.Contains(entry, []byte("] Terminating all watchers from cacher ")) {
		return len(entry), nil
	}
	return w.Writer.Write(entry)
}
