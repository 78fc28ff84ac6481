package app

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// releaseBinary lets go of the pages of the binary itself. Nearly all of its
// 90 MiB are touched once, when a thousand packages are initialized; what the
// server needs again comes back from the page cache. It is worth a sixth of
// the resident memory of an idle server. Nothing depends on it: where
// /proc is not to be had, it does nothing.
func releaseBinary() {
	exe, err := os.Executable()
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	for _, m := range cleanMappings(smaps, exe) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// cleanMappings returns the mappings of a file that can be read from it again:
// they cannot be written, and have no page that was (as relocations are, before
// their mapping becomes read only).
func cleanMappings(smaps io.Reader, file string) (clean []mapping) {
	var current mapping
	ofFile := false
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		line := lines.Text()
		var m mapping
		var mode string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &m.from, &m.to, &mode); n == 3 && len(mode) == 4 {
			current, ofFile = m, strings.HasSuffix(line, " "+file) && mode[1] == '-'
			continue
		}
		if anonymous, found := strings.CutPrefix(line, "Anonymous:"); found && ofFile && strings.TrimSpace(anonymous) == "0 kB" {
			clean = append(clean, current)
		}
	}
	return clean
}
