package testserver

import (
	"flag"
	"io"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

// logs gives each server its part of the log. The libraries write most of it with
// klog's functions, which know neither the server nor its test, and the code under
// test uses klog as well. While servers run, klog therefore writes to router,
// which looks who the caller is.
//
// It is state of the package, because klog's output is state of the process.
var logs = &router{other: os.Stderr}

// ofServer are the packages whose log belongs to a server.
var ofServer = []string{
	"github.com/gatehouse-k8s/gatehouse/pkg/", "go.etcd.io/", "k8s.io/apiextensions-apiserver/", "k8s.io/apiserver/", "k8s.io/kube-aggregator/",
}

// router is a writer of klog's entries, each of which is one Write and begins
// with the letter of its severity. Entries of a server go to all servers that run,
// because nothing tells which one has written it; others go where they would
// without router.
type router struct {
	other io.Writer

	mu      sync.Mutex
	servers []*serverLog
	restore func()
}

// add starts the log of a server. It returns the logger for the server's context,
// whose entries go to this server alone, and a function that ends its log.
func (r *router) add(write func(line string), verbose bool) (logger klog.Logger, forget func()) {
	s := &serverLog{write, verbose}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.servers = append(r.servers, s); len(r.servers) == 1 {
		r.restore = redirect(r)
	}
	return textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(s))), sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.servers = slices.DeleteFunc(r.servers, func(other *serverLog) bool { return other == s }); len(r.servers) == 0 {
			r.restore()
		}
	})
}

// redirect lets klog write to w, and returns a function that ends this. It does
// nothing if the process has chosen where klog writes.
func redirect(w io.Writer) (restore func()) {
	var flags flag.FlagSet
	klog.InitFlags(&flags)
	threshold := flags.Lookup("stderrthreshold").Value.String()
	if flags.Lookup("logtostderr").Value.String() != "true" {
		return func() {}
	}
	// An entry is written to the output of its severity and to those of all lower
	// ones, so one output gets them all.
	for _, severity := range []string{"WARNING", "ERROR", "FATAL"} {
		klog.SetOutputBySeverity(severity, io.Discard)
	}
	klog.SetOutputBySeverity("INFO", w)
	_ = flags.Set("stderrthreshold", "FATAL") // fails only for a severity that does not exist
	klog.LogToStderr(false)
	return func() {
		klog.LogToStderr(true)
		_ = flags.Set("stderrthreshold", threshold)
	}
}

// Write implements io.Writer.
func (r *router) Write(entry []byte) (int, error) {
	if !calledByServer() {
		return r.other.Write(entry)
	}
	r.mu.Lock()
	servers := slices.Clone(r.servers)
	r.mu.Unlock()
	for _, s := range servers {
		_, _ = s.Write(entry) // never fails
	}
	return len(entry), nil
}

// calledByServer reports whether a function of a server's packages is on the
// stack, below the logging itself.
func calledByServer() bool {
	var callers [64]uintptr
	frames := goruntime.CallersFrames(callers[:goruntime.Callers(2, callers[:])])
	for {
		frame, more := frames.Next()
		if !strings.Contains(frame.Function, "/testserver.(*router)") &&
			slices.ContainsFunc(ofServer, func(prefix string) bool { return strings.HasPrefix(frame.Function, prefix) }) {
			return true
		}
		if !more {
			return false
		}
	}
}

// serverLog is the log of one server.
type serverLog struct {
	write   func(line string)
	verbose bool
}

// Write implements io.Writer.
func (s *serverLog) Write(entry []byte) (int, error) {
	if s.verbose || len(entry) > 0 && entry[0] != 'I' {
		s.write(string(entry))
	}
	return len(entry), nil
}
