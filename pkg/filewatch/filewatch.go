// Package filewatch reports changes of the content of a file.
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
	// settle is how long a file must be unchanged before it is read. Many
	// programs write a file in several steps.
	settle = 50 * time.Millisecond
	// interval is how often the file is read without a notification. Not all
	// file systems send notifications.
	interval = time.Minute
)

// Watch calls changed with the new content of a file after each change, until
// the context ends. last is the content that the caller has already read. The
// file may be replaced, and it may be reached through a symbolic link that
// changes, as in a mounted ConfigMap. While the file cannot be read, changed is
// not called.
func Watch(ctx context.Context, file string, last []byte, changed func(content []byte)) {
	defer utilruntime.HandleCrashWithContext(ctx)
	events := make(<-chan fsnotify.Event)
	if watcher, err := fsnotify.NewWatcher(); err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Failed to watch the file, changes are detected only once per minute", "file", file)
	} else {
		defer watcher.Close()
		if err := watcher.Add(filepath.Dir(file)); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Failed to watch the file, changes are detected only once per minute", "file", file)
		}
		events = watcher.Events
	}
	// The file may have changed before the watch started.
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
