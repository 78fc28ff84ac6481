//go:build unix

package pki

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMakePrivate makes directories private that exist with some rights and
// content.
func TestMakePrivate(t *testing.T) {
	for _, test := range []struct {
		name    string
		mode    fs.FileMode
		content string
		refused string
	}{
		{"private", 0o700, "file", ""},
		{"empty, as mkdir makes it", 0o755, "", ""},
		{"empty, writable by all", 0o777, "", ""},
		{"new file system", 0o755, "lost+found", ""},
		{"readable, with content", 0o755, "file", "other users can read "},
		{"for a group, with content", 0o750, "file", "other users can read "},
		{"writable, with content", 0o777, "file", "other users can read and change "},
		{"sticky, with content", 0o777 | fs.ModeSticky, "file", "other users can read and change "},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "dir")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if test.content != "" {
				if err := os.Mkdir(filepath.Join(dir, test.content), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(dir, test.mode); err != nil {
				t.Fatal(err)
			}
			err := MakePrivate(dir)
			if (err != nil) != (test.refused != "") ||
				err != nil && (!strings.HasPrefix(err.Error(), test.refused) || !strings.Contains(err.Error(), "chmod -R go= "+dir)) {
				t.Errorf("error %v, want %q", err, test.refused)
			}
			want := test.mode.Perm()
			if err == nil {
				want = 0o700
			}
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
		})
	}
	for _, made := range []string{"new", "a/b/c"} {
		dir := filepath.Join(t.TempDir(), made)
		if err := MakePrivate(dir); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: mode %v, %v", made, info.Mode(), err)
		}
	}
}

// TestJudge decides about owners that a test cannot have.
func TestJudge(t *testing.T) {
	const root, alice, mallory, dir = 0, 1000, 1001, fs.ModeDir
	for _, test := range []struct {
		name         string
		owner, user  int
		mode, denied fs.FileMode
		refused      string
	}{
		{"own directory", alice, alice, dir | 0o700, private, ""},
		{"own directory, readable", alice, alice, dir | 0o755, private, "other users can read x (mode 0755)"},
		{"another's directory", mallory, alice, dir | 0o700, private, "x belongs to another user (uid 1001)"},
		{"another's directory, for root", mallory, root, dir | 0o700, private, ""},
		{"another's directory, readable, for root", mallory, root, dir | 0o755, private, "other users can read x"},
		{"root's directory", root, alice, dir | 0o755, private, ""},
		{"root's directory, a volume for all users", root, alice, dir | 0o777, private, ""},
		{"root's directory, for root", root, root, dir | 0o777, private, "other users can read and change x (mode 0777)"},
		{"own key", alice, alice, 0o600, private, ""},
		{"own key, readable", alice, alice, 0o644, private, "other users can read x"},
		{"own key, writable", alice, alice, 0o620, private, "other users can change x"},
		{"root's key, readable", root, alice, 0o644, private, "other users can read x"},
		{"another's key", mallory, alice, 0o600, private, "x belongs to another user"},
		{"own certificate, readable", alice, alice, 0o644, public, ""},
		{"own certificate, writable", alice, alice, 0o664, public, "other users can change x"},
		{"another's certificate", mallory, alice, 0o644, public, "x belongs to another user"},
	} {
		err := judge("x", test.owner, test.user, test.mode, test.denied)
		if (err != nil) != (test.refused != "") || err != nil && !strings.HasPrefix(err.Error(), test.refused) {
			t.Errorf("%s: %v, want %q", test.name, err, test.refused)
		}
	}
}

// TestEnsureRefusesWhatOthersCanUse changes the rights of the directory and its
// files.
func TestEnsureRefusesWhatOthersCanUse(t *testing.T) {
	for _, test := range []struct {
		file    string
		mode    fs.FileMode
		refused bool
	}{
		{"", 0o755, true},
		{"", 0o770, true},
		{"ca.key", 0o644, true},
		{"ca.key", 0o640, true},
		{"apiserver.key", 0o644, true},
		{"sa.key", 0o644, true},
		{"ca.crt", 0o644, false},
		{"ca.crt", 0o666, true},
		{"sa.pub", 0o644, false},
		{"sa.pub", 0o664, true},
	} {
		dir := t.TempDir()
		ensure(t, dir, now, "localhost")
		name := filepath.Join(dir, test.file)
		if err := os.Chmod(name, test.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Ensure(dir, Request{Hosts: []string{"localhost"}, Now: now})
		if (err != nil) != test.refused || err != nil && !strings.Contains(err.Error(), name+" (mode") {
			t.Errorf("%q with mode %v: %v", test.file, test.mode, err)
		}
	}
}
