package app

import (
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
		stderr = withoutInfo{os.Stderr}
	}
	return logsapi.ValidateAndApplyWithOptions(o, &logsapi.LoggingOptions{ErrorStream: stderr, InfoStream: stderr}, nil)
}

// withoutInfo drops entries with the severity "info" in the text format. Each
// entry is one write and begins with the letter of its severity.
type withoutInfo struct{ io.Writer }

func (w withoutInfo) Write(entry []byte) (int, error) {
	if len(entry) > 0 && entry[0] == 'I' {
		return len(entry), nil
	}
	return w.Writer.Write(entry)
}
