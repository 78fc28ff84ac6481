package storage

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// quietLogger logs etcd's errors only: what it has to say at start-up would
// bury the one line that a user wants.
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

// expectedErrors drops what etcd reports as an error in the first moments of a
// new database: it has no schema version until its first commit, and looks for
// one before that because the election is over so soon.
type expectedErrors struct{ zapcore.Core }

// With implements zapcore.Core.
func (c expectedErrors) With(fields []zapcore.Field) zapcore.Core {
	return expectedErrors{c.Core.With(fields)}
}

// Check implements zapcore.Core.
func (c expectedErrors) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if entry.Message == "failed to update storage version" {
		return checked
	}
	return c.Core.Check(entry, checked)
}
