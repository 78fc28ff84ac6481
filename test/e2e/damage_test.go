package e2e

import (
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// damage is what happens to the data directory of a stopped server.
type damage struct {
	name string
	do   func(t *testing.T, d dataDir)
	// says is the line that the next start ends with. ETCD stands for the
	// directory of etcd, UID for the user and # for a number. If says is empty,
	// the server starts and has all its objects.
	says string
}

const (
	elsewhere = ", or choose another --data-dir)"
	restore   = "(restore all of ETCD from a backup" + elsewhere
	moveAway  = "(move it away" + elsewhere
	allow     = "(the server runs as user UID: let it read and write everything in ETCD" + elsewhere
	upgrade   = "(use a newer release" + elsewhere
	database  = "ETCD/member/snap/db"
	wal       = "ETCD/member/wal"
	segment   = wal + "/0000000000000000-0000000000000000.wal"
	starting  = "starting etcd in ETCD: "
)

// damages lists what the tests do to a data directory.
var damages = []damage{
	{"database empty", func(t *testing.T, d dataDir) { d.truncate(t, d.database(), 0) }, ""},
	{"database missing", func(t *testing.T, d dataDir) { d.remove(t, d.database()) }, ""},
	{"database is text", func(t *testing.T, d dataDir) { d.write(t, d.database(), "damaged") },
		database + ": invalid database " + restore},
	{"database cut in half", func(t *testing.T, d dataDir) { d.truncate(t, d.database(), d.databaseUsed(t)/2) },
		database + ": the data is damaged: it has # bytes, and should have # " + restore},
	{"both heads of the database overwritten", func(t *testing.T, d dataDir) { d.overwrite(t, d.database(), 0, 2*page) },
		database + ": invalid database " + restore},
	{"one head of the database overwritten", func(t *testing.T, d dataDir) { d.overwrite(t, d.database(), 0, page) }, ""},
	{"all pages of the database overwritten", func(t *testing.T, d dataDir) { d.overwrite(t, d.database(), 2*page, d.databaseUsed(t)-2*page) },
		database + ": the data is damaged: * " + restore},
	{"keys in the database overwritten", func(t *testing.T, d dataDir) {
		d.overwritePages(t, func(p pageInfo) bool { return p.kind == "leaf" && p.holds("/registry/configmaps/") })
	},
		database + ": the data is damaged: * " + restore},
	{"list of free pages overwritten", func(t *testing.T, d dataDir) {
		d.overwritePages(t, func(p pageInfo) bool { return p.kind == "freelist" })
	},
		database + ": the data is damaged: * " + restore},
	{"database of a newer etcd", func(t *testing.T, d dataDir) { d.put(t, "meta", "storageVersion", "3.8.0") },
		database + ": the database has been written by etcd 3.8, and the embedded etcd is 3.7.3 " + upgrade},
	{"cluster of a newer etcd", func(t *testing.T, d dataDir) { d.put(t, "cluster", "clusterVersion", "4.0.0") },
		database + ": the database has been written by etcd 4.0, and the embedded etcd is 3.7.3 " + upgrade},
	{"database in use", func(t *testing.T, d dataDir) { d.open(t) },
		database + " is in use by another process (stop that" + elsewhere},
	{"database is a directory", func(t *testing.T, d dataDir) { d.remove(t, d.database()); d.mkdir(t, d.database()) },
		"open " + database + ": is a directory " + moveAway},
	{"directory of the database is a file", func(t *testing.T, d dataDir) { d.remove(t, d.snap()); d.write(t, d.snap(), "") },
		"ETCD/member/snap is a file, where etcd keeps a directory " + moveAway},
	{"directory of etcd is a file", func(t *testing.T, d dataDir) { d.remove(t, d.etcd()); d.write(t, d.etcd(), "") },
		"ETCD is a file, where etcd keeps a directory " + moveAway},
	{"log missing", func(t *testing.T, d dataDir) { d.remove(t, d.log()) },
		"the write-ahead log in " + wal + " is missing, but there is a database " + restore},
	{"log without files", func(t *testing.T, d dataDir) { d.remove(t, d.segment()) },
		"the write-ahead log in " + wal + " is missing, but there is a database " + restore},
	{"log empty", func(t *testing.T, d dataDir) { d.truncate(t, d.segment(), 0) },
		"the write-ahead log in " + wal + " can be read up to entry # only, but the database has entry # " + restore},
	{"log shorter than the database", func(t *testing.T, d dataDir) { d.truncate(t, d.segment(), d.logUsed(t)/2) },
		"the write-ahead log in " + wal + " can be read up to entry # only, but the database has entry # " + restore},
	{"end of the log torn", func(t *testing.T, d dataDir) { d.writeAt(t, d.segment(), d.logUsed(t), []byte(tornRecord)) }, ""},
	{"log overwritten", func(t *testing.T, d dataDir) { d.overwrite(t, d.segment(), 0, d.logUsed(t)) },
		"the write-ahead log in " + wal + " can be read up to entry 0 only, but the database has entry # " + restore},
	{"a bit of the log flipped", func(t *testing.T, d dataDir) { d.flip(t, d.segment(), d.logUsed(t)/2) },
		"* " + restore},
	{"log begins later", func(t *testing.T, d dataDir) {
		d.rename(t, d.segment(), filepath.Join(d.log(), "0000000000000001-0000000000000040.wal"))
	}, starting + "* " + restore},
	{"database empty and log shortened", func(t *testing.T, d dataDir) {
		d.truncate(t, d.database(), 0)
		d.rename(t, d.segment(), filepath.Join(d.log(), "0000000000000001-0000000000000040.wal"))
	}, starting + "* " + restore},
	{"log is a file", func(t *testing.T, d dataDir) { d.remove(t, d.log()); d.write(t, d.log(), "") },
		wal + " is a file, where etcd keeps a directory " + moveAway},
	{"a file of the log is a directory", func(t *testing.T, d dataDir) { d.remove(t, d.segment()); d.mkdir(t, d.segment()) },
		"open " + segment + ": is a directory " + moveAway},
	{"directory without rights", func(t *testing.T, d dataDir) { d.chmod(t, d.etcd(), 0) },
		"ETCD cannot be written: permission denied " + allow},
	{"directory that cannot be written", func(t *testing.T, d dataDir) { d.chmod(t, d.log(), 0o500) },
		wal + " cannot be written: permission denied " + allow},
	{"database without rights", func(t *testing.T, d dataDir) { d.chmod(t, d.database(), 0) },
		"open " + database + ": permission denied " + allow},
	{"log without rights", func(t *testing.T, d dataDir) { d.chmod(t, d.segment(), 0) },
		"open " + segment + ": permission denied " + allow},
}

// TestDamage damages the data directory of a stopped server in each of these
// ways and starts it again, as a user who is not root. Either the server starts
// and has all its objects, or it says in one line what is wrong and what to do.
func TestDamage(t *testing.T) {
	t.Parallel()
	original, objects := filledDataDir(t)
	user := unprivileged(t)
	for _, tt := range damages {
		t.Run(tt.name, func(t *testing.T) {
			d := original.copyFor(t, user)
			tt.do(t, d)
			args := []string{"--data-dir=" + string(d), "--secure-port=" + freePort(t), "--controllers="}
			if tt.says == "" {
				p, config := ready(t, launchAs(t, user, args...))
				list, err := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
				testutil.Check(t, err)
				if len(list.Items) != objects {
					t.Errorf("%d of %d objects are there", len(list.Items), objects)
				}
				if p.stderr.String() != "" {
					t.Errorf("it starts with %s", p.stderr.String())
				}
				return
			}
			p := launchAs(t, user, args...)
			code := p.exit()
			t.Log(p.stderr.String())
			if code != 1 || !expected(d, tt.says).MatchString(p.stderr.String()) || p.stdout.String() != "" {
				t.Errorf("exit code %d, not the line\n%s\n%s", code, expected(d, tt.says), p.stderr.String())
			}
		})
	}
}
