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

// expectedErrors drops two reports that are no errors. In the first moments of a
// new database it has no schema version until its first commit, and etcd looks for
// one before that because the election is over so soon. And a listener for other
// clients that is closed is reported as one that failed.
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
