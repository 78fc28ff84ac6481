package e2e

import (
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// BenchmarkNamespace deletes a namespace with 1,000 objects of 20 kinds, two of them
// custom, and tells how long that takes, and how many seconds of CPU time the process of
// the server and the test uses meanwhile. The garbage collector runs as well.
func BenchmarkNamespace(b *testing.B) {
	var wall, cpu time.Duration
	for b.Loop() {
		s := testserver.Start(b, testserver.Options{Flags: []string{"--controllers=*", "--disable-admission-plugins=ServiceAccount"}})
		c := kubernetes.NewForConfigOrDie(s.Config)
		ensureNamespace(b, s, "many")
		manyObjects(b, s, "many", 50)
		start, used := time.Now(), cpuTime(b)
		deleteNamespace(b, c, "many")
		awaitGone(b, c, "many")
		wall, cpu = wall+time.Since(start), cpu+cpuTime(b)-used
		testutil.Check(b, s.Stop())
	}
	b.ReportMetric(0, "ns/op") // includes the creation of the objects
	b.ReportMetric(wall.Seconds()/float64(b.N), "s/deletion")
	b.ReportMetric(cpu.Seconds()/float64(b.N), "cpu-s/deletion")
}

// cpuTime returns the CPU time that the process has used.
func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	testutil.Check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
