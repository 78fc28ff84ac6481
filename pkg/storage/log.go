package storage

import (
	"context"
	"fmt"
	"os"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// journal receives what etcd logs. It keeps only errors: the messages that etcd
// logs at start-up would hide our own message that the server is ready. During
// the start it holds them back, because a start that fails says why in one
// line; release writes them.
//
// etcd ends with a log message of the level panic or fatal where it cannot go
// on, in whichever goroutine finds that out, and zap would then end the process.
// The journal keeps such a message as the failure instead. The goroutine that
// logged it stands still from then on: it must not return into code that does
// not expect it to, and its locks and deferred calls must not let others go on
// as if nothing had happened. So nothing more is written or acknowledged, just
// as after a crash, while the rest of the process can say what has happened.
type journal struct {
	core zapcore.Core

	mu       sync.Mutex
	released bool
	held     []func() error

	broken context.Context
	fail   context.CancelCauseFunc
}

func newJournal() *journal {
	j := &journal{}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.ISO8601TimeEncoder
	j.core = zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(os.Stderr), zapcore.ErrorLevel)
	j.broken, j.fail = context.WithCancelCause(context.Background())
	return j
}

func (j *journal) logger() *zap.Logger {
	return zap.New(journalCore{j.core, j}, zap.WithPanicHook(j), zap.WithFatalHook(j)).Named("etcd")
}

// failed returns a channel that is closed when etcd cannot go on.
func (j *journal) failed() <-chan struct{} { return j.broken.Done() }

// failure returns why etcd cannot go on, or nil.
func (j *journal) failure() error { return context.Cause(j.broken) }

// OnWrite implements zapcore.CheckWriteHook. It is called after a message of
// the level panic or fatal, and does not return.
func (j *journal) OnWrite(message *zapcore.CheckedEntry, fields []zapcore.Field) {
	err := fmt.Errorf("%s", message.Message)
	for _, field := range fields {
		if cause, ok := field.Interface.(error); ok && field.Type == zapcore.ErrorType {
			err = fmt.Errorf("%s: %w", message.Message, cause)
		}
	}
	j.fail(err)
	select {}
}

// release writes the messages that were held back, and all later ones at once.
func (j *journal) release() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, write := range j.held {
		_ = write() // nothing can be done about a log that cannot be written
	}
	j.released, j.held = true, nil
}

// journalCore is the zapcore.Core of a journal.
type journalCore struct {
	zapcore.Core
	journal *journal
}

// With implements zapcore.Core.
func (c journalCore) With(fields []zapcore.Field) zapcore.Core {
	return journalCore{c.Core.With(fields), c.journal}
}

// Check implements zapcore.Core. It drops messages of the levels panic and
// fatal, which become the failure, and two that do not report a problem. First,
// a new database has no schema version before its first commit, but etcd
// already looks for one, because the election of a single member ends so early.
// Second, etcd reports an error when the listener for other clients is closed
// on purpose.
func (c journalCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	switch entry.Message {
	case "failed to update storage version", "setting up serving from embedded etcd failed.":
		return checked
	}
	if !c.Enabled(entry.Level) || entry.Level > zapcore.ErrorLevel {
		return checked
	}
	return checked.AddCore(entry, c)
}

// Write implements zapcore.Core.
func (c journalCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	c.journal.mu.Lock()
	defer c.journal.mu.Unlock()
	if c.journal.released {
		return c.Core.Write(entry, fields)
	}
	c.journal.held = append(c.journal.held, func() error { return c.Core.Write(entry, fields) })
	return nil
}
