package app

import (
	"bytes"
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
		n, err := quiet{&out}.Write([]byte(entry))
		testutil.Check(t, err)
		if n != len(entry) || (out.String() == entry) != shown || !shown && out.Len() > 0 {
			t.Errorf("%q: wrote %q", entry, out.String())
		}
	}
}
