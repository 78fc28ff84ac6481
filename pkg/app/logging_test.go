package app

import (
	"bytes"
	"context"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func TestQuiet(t *testing.T) {
	const header = "1122 10:00:00.000000    1 file.go:1] "
	for entry, shown := range map[string]bool{
		"I" + header + "Starting controller\n":                                      false,
		"W" + header + "Terminating all watchers from cacher widgets.example.com\n": false,
		"W" + header + "Failed to ensure the kubernetes service\n":                  true,
		"E" + header + "Internal error\n":                                           true,
	} {
		var out bytes.Buffer
		n, err := quiet{&out, t.Context()}.Write([]byte(entry))
		testutil.Check(t, err)
		if n != len(entry) || (out.String() == entry) != shown || !shown && out.Len() > 0 {
			t.Errorf("%q: wrote %q", entry, out.String())
		}
	}

	stopping, stop := context.WithCancel(t.Context())
	defer stop()
	var out bytes.Buffer
	log := quiet{&out, stopping}
	refused := []byte("E" + header + "Failed to update lease: connect: connection refused\n")
	for _, shown := range []int{len(refused), 0} {
		out.Reset()
		_, err := log.Write(refused)
		testutil.Check(t, err)
		if out.Len() != shown {
			t.Errorf("wrote %q, %v", out.String(), stopping.Err())
		}
		stop()
	}
}
