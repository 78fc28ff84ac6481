package app

import (
	"io"
	"os"

	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // --logging-format=json
)

// applyLogging configures the log. Without --v it has warnings and errors only:
// the libraries log every step of a start as information, and the one line that
// a user is looking for is another.
func applyLogging(o *logs.Options) error {
	var stderr io.Writer = os.Stderr
	if o.Verbosity == 0 && o.Format == logsapi.DefaultLogFormat {
		stderr = withoutInfo{os.Stderr}
	}
	return logsapi.ValidateAndApplyWithOptions(o, &logsapi.LoggingOptions{ErrorStream: stderr, InfoStream: stderr}, nil)
}

// withoutInfo drops the entries of the text format that are information: each
// entry is one write and begins with the letter of its severity.
type withoutInfo struct{ io.Writer }

func (w withoutInfo) Write(entry []byte) (int, error) {
	if len(entry) > 0 && entry[0] == 'I' {
		return len(entry), nil
	}
	return w.Writer.Write(entry)
}
