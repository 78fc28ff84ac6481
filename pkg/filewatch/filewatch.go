// Package filewatch tells when the content of a file changes.
package filewatch

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

const (
	// settle is how long a file must be left alone before it is read, because
	// many programs write in several steps.
	settle = 50 * time.Millisecond
	// interval is how often the file is read in any case: not all file systems
	// tell of changes.
	interval = time.Minute
)

// Watch calls changed with the new content whenever the file's content is
// another than the last one, until the context ends. It begins with last, what
// the caller has read already. A file that is replaced, or reached through a
// symbolic link as in a mounted ConfigMap, counts by its name. One that cannot
// be read is left alone until it can.
func Watch(ctx context.Context, file string, last []byte, changed func(content []byte)) {
	defer utilruntime.HandleCrashWithContext(ctx)
	events := make(<-chan fsnotify.Event)
	if watcher, err := fsnotify.NewWatcher(); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Changes are seen once a minute only", "file", file)
	} else {
		defer watcher.Close()
		if err := watcher.Add(filepath.Dir(file)); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Changes are seen once a minute only", "file", file)
		}
		events = watcher.Events
	}
	// The file may have changed before the watch began.
	timer := time.NewTimer(settle)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			timer.Reset(settle)
		case <-timer.C:
			if content, err := os.ReadFile(file); err == nil && !bytes.Equal(content, last) {
				last = content
				changed(content)
			}
			timer.Reset(interval)
		}
	}
}
