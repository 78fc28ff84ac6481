package storage

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// quietLogger returns a logger that writes only the errors of etcd. The
// messages that etcd logs at start-up would hide our own message that the
// server is ready.
func quietLogger() *zap.Logger {
	cfg := zap.NewProductionConfig()
	cfg.Level = zap.NewAtomicLevelAt(zapcore.ErrorLevel)
	cfg.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	logger, err := cfg.Build(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return expectedErrors{core} }))
	if err != nil {
		return zap.NewNop()
	}
	return logger.Named("etcd")
}

// expectedErrors drops two log messages that do not report a problem. First, a
// new database has no schema version before its first commit, but etcd already
// looks for one, because the election of a single member ends so early. Second,
// etcd reports an error when the listener for other clients is closed on
// purpose.
type expectedErrors struct{ zapcore.Core }

// With implements zapcore.Core.
func (c expectedErrors) With(fields []zapcore.Field) zapcore.Core {
	return expectedErrors{c.Core.With(fields)}
}

// Check implements zapcore.Core.
func (c expectedErrors) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	switch entry.Message {
	case "failed to update storage version", "setting up serving from embedded etcd failed.":
		return checked
	}
	return c.Core.Check(entry, checked)
}
