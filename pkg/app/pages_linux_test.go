package app

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCleanMappings(t *testing.T) {
	const smaps = `00400000-00500000 r-xp 00000000 fe:00 1    /bin/server
Size:               1024 kB
Anonymous:             0 kB
00500000-00600000 r--p 00100000 fe:00 1    /bin/server
Anonymous:             4 kB
00600000-00700000 rw-p 00200000 fe:00 1    /bin/server
Anonymous:             0 kB
00700000-00800000 r--p 00000000 fe:00 2    /lib/other
Anonymous:             0 kB
00800000-00900000 r--p 00300000 fe:00 1    /bin/server
Anonymous:             0 kB
`
	got := cleanMappings(strings.NewReader(smaps), "/bin/server")
	if want := []mapping{{0x400000, 0x500000}, {0x800000, 0x900000}}; !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestReleaseBinary compares the resident pages of files, and goes on running
// from them.
func TestReleaseBinary(t *testing.T) {
	before := residentFiles(t)
	releaseBinary()
	if after := residentFiles(t); after >= before {
		t.Errorf("%d kB of files are resident, after %d kB before", after, before)
	}
}

func residentFiles(t *testing.T) (kB int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}
