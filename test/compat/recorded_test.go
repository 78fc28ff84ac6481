package compat_test

import (
	"bytes"
	"flag"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

const (
	floorsFile     = "floors.tsv"
	exceptionsFile = "exceptions.tsv"
)

var (
	updateFloors  = flag.Bool("update-floors", false, "raise the floors to the scores reached")
	server        = flag.String("compat.server", "", "URL of a fresh server to compare in place of our own")
	token         = flag.String("compat.token", "admin-token", "token of a member of system:masters on that server")
	casesFile     = flag.String("compat.cases", "testdata/dev.cases.jsonl.gz", "the cases: an absolute path for others than those of the project")
	recordingFile = flag.String("compat.recording", "testdata/dev.base.jsonl.gz", "what kube-apiserver answered to the cases")
	resources     = flag.String("compat.resources", "", "resources to compare in place of those with a floor, by comma; \"all\" for all")
	only          = flag.String("compat.only", "", "send only the cases whose id matches this expression (and the setup); floors are not checked")
	show          = flag.String("compat.show", "", "print the differing cases whose id matches this expression")
	level         = flag.String("compat.level", "exact", "the level below which a case is printed: code, semantic or exact")
	limit         = flag.Int("compat.limit", 0, "print at most so many cases of each kind and resource (0: all)")
	record        = flag.String("compat.record", "", "file to keep the answers in (JSON lines, gzipped)")
)

// disagreements are the lines of the server's log that say where the hand-written
// and the generated validation of a request disagree.
var disagreements lines

// TestMain drops the log of the server, but for the disagreements: what it answers
// is what counts.
func TestMain(m *testing.M) {
	klog.SetLogger(textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(&disagreements))))
	m.Run()
}

// lines collects the lines of a log, each of which is one write, that tell of a
// disagreement.
type lines struct {
	sync.Mutex
	found []string
}

func (l *lines) Write(line []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	if bytes.Contains(line, []byte("Unexpected difference between hand written validation and declarative validation")) {
		l.found = append(l.found, string(line))
	}
	return len(line), nil
}

func TestRecordedAnswers(t *testing.T) {
	floors, err := compat.ReadFloors(floorsFile)
	testutil.Check(t, err)
	exceptions, err := compat.ReadExceptions(exceptionsFile)
	testutil.Check(t, err)
	cases := selectedCases(t, floors)

	ids := map[string]bool{}
	for _, c := range cases {
		ids[c.ID] = true
	}
	want, err := compat.ReadLines(*recordingFile, func(a *compat.Answer) bool { return ids[a.ID] })
	testutil.Check(t, err)
	got, err := target(t).Replay(t.Context(), cases)
	testutil.Check(t, err)
	if *record != "" {
		testutil.Check(t, compat.WriteLines(*record, got))
	}

	for _, line := range disagreements.found {
		t.Error(line)
	}
	report := compat.Grade(slices.DeleteFunc(cases, func(c *compat.Case) bool { return !selected(c, floors) }), want, got, exceptions)
	report.WriteScores(t.Output())
	if *show != "" {
		report.WriteMismatches(t.Output(), regexp.MustCompile(*show), levelNamed(t, *level), *limit)
	}
	if *only == "" && *resources == "" {
		checkFloors(t, floors, report)
		for _, e := range exceptions {
			if n := report.Excepted[e]; n != e.Cases {
				t.Errorf("%s: %d cases differ in the way of %q, not %d", exceptionsFile, n, e.Reason, e.Cases)
			}
		}
	}
}

// selectedCases are all setup cases and those of the resources to compare.
func selectedCases(t *testing.T, floors compat.Floors) []*compat.Case {
	matches := regexp.MustCompile(*only)
	cases, err := compat.ReadLines(*casesFile, func(c *compat.Case) bool {
		return c.Setup || selected(c, floors) && matches.MatchString(c.ID)
	})
	testutil.Check(t, err)
	return cases
}

func selected(c *compat.Case, floors compat.Floors) bool {
	if *resources == "" {
		_, ok := floors[c.Resource()]
		return ok
	}
	return *resources == "all" || slices.Contains(strings.Split(*resources, ","), c.Resource())
}

// target is the server under test, unless the server is another's. It is set up
// as the recorded one was: with its token, which reviews ask about, without the
// admission plugin ServiceAccount, and without controllers.
func target(t *testing.T) compat.Target {
	if *server != "" {
		return compat.Target{URL: *server, Token: *token, Settle: 3 * time.Second}
	}
	target := fresh(t, []string{"--disable-admission-plugins=ServiceAccount", "--controllers="})
	target.Settle = time.Second
	return target
}

func checkFloors(t *testing.T, floors compat.Floors, report *compat.Report) {
	for _, name := range slices.Sorted(maps.Keys(floors)) {
		score := report.Resources[name]
		if score == nil {
			t.Errorf("%s: there is no case", name)
			continue
		}
		if *updateFloors {
			floors[name] = floors[name].Raise(*score)
		} else if err := floors[name].Check(*score); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if *updateFloors {
		testutil.Check(t, floors.Write(floorsFile))
	}
}

func levelNamed(t *testing.T, name string) compat.Level {
	for _, l := range []compat.Level{compat.Code, compat.Semantic, compat.Exact} {
		if l.String() == name {
			return l
		}
	}
	t.Fatalf("-compat.level=%s: want code, semantic or exact", name)
	return 0
}
