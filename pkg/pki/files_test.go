package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEnsureNamesDamagedFiles checks that an error says what to do, and that it
// never advises to delete a CA or a signing key without saying what that costs.
func TestEnsureNamesDamagedFiles(t *testing.T) {
	const newCA, newKeys = "which no existing client and kubeconfig trusts", "all tokens of service accounts become invalid"
	for _, test := range []struct{ file, advice string }{
		{"ca.crt", newCA},
		{"ca.key", newCA},
		{"front-proxy-ca.key", newCA},
		{"apiserver.key", "the server makes them again"},
		{"admin.crt", "the server makes them again"},
		{"sa.key", newKeys},
		{"sa.pub", "the server makes it again from sa.key"},
	} {
		for name, damage := range map[string]func(name string) error{
			"garbage":   func(name string) error { return os.WriteFile(name, []byte("garbage"), 0o600) },
			"empty":     func(name string) error { return os.WriteFile(name, nil, 0o600) },
			"directory": func(name string) error { return errors.Join(os.Remove(name), os.Mkdir(name, 0o700)) },
		} {
			t.Run(test.file+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				ensure(t, dir, now, "localhost")
				name := filepath.Join(dir, test.file)
				if err := damage(name); err != nil {
					t.Fatal(err)
				}
				before := snapshot(t, dir)
				_, err := Ensure(dir, Request{Hosts: []string{"localhost"}, Now: now})
				if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), test.advice) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v does not name %s with %q", err, name, test.advice)
				}
				if after := snapshot(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
					t.Error("files were changed")
				}
			})
		}
	}
}

func TestUnreadable(t *testing.T) {
	err := unreadable(&fs.PathError{Op: "open", Path: "ca.key", Err: fs.ErrPermission}, restoreCA)
	if want := "open ca.key: permission denied (give the file to the user who runs the server, or run the server as its owner)"; err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestEnsureRefusesALoneCertificate removes a key. Only the key can be restored,
// so nothing is written.
func TestEnsureRefusesALoneCertificate(t *testing.T) {
	for _, pair := range []string{"ca", "apiserver", "front-proxy-ca"} {
		dir := t.TempDir()
		ensure(t, dir, now, "localhost")
		key := filepath.Join(dir, pair+".key")
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
		if _, err := Ensure(dir, Request{Now: now}); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("error %v does not name the missing key %s", err, key)
		}
	}
}

var errCrash = errors.New("the process has crashed")

// TestCrash ends the process before and after each write of the first start and
// of a renewal, and while the file has its temporary name. The next start must
// succeed and keep every key that has been written.
func TestCrash(t *testing.T) {
	nothing := func(*testing.T, string) {}
	existing := func(t *testing.T, dir string) { ensure(t, dir, now, "localhost") }
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		writes  int
	}{
		{"first start", nothing, 12},
		{"renewal of all certificates", existing, 5},
	} {
		for moment, crash := range map[string]func(name string, data []byte) error{
			"before": func(string, []byte) error { return errCrash },
			"between": func(name string, data []byte) error {
				return errors.Join(os.WriteFile(leftover(name), data, 0o600), errCrash)
			},
			"after": func(name string, data []byte) error { return errors.Join(WriteFile(name, data), errCrash) },
		} {
			for step := range test.writes {
				t.Run(fmt.Sprintf("%s, %s write %d", test.name, moment, step), func(t *testing.T) {
					dir := t.TempDir()
					test.prepare(t, dir)
					at, written := now.Add(caValidity), 0
					_, err := Ensure(dir, Request{Hosts: []string{"localhost"}, Now: at, write: func(name string, data []byte) error {
						if written++; written > step {
							return crash(name, data)
						}
						return WriteFile(name, data)
					}})
					if !errors.Is(err, errCrash) {
						t.Fatalf("error %v, there are fewer than %d writes", err, step+1)
					}
					before := snapshot(t, dir)
					ensure(t, dir, at, "localhost")
					after := snapshot(t, dir)
					for name, content := range before {
						if filepath.Ext(name) == ".key" && after[name] != content {
							t.Errorf("%s was replaced", name)
						}
					}
					if len(after) != 12 {
						t.Errorf("%d files", len(after))
					}
				})
			}
		}
	}
}

func leftover(name string) string {
	return strings.TrimSuffix(filepath.Join(filepath.Dir(name), temporary(name)), "*") + "1"
}

// snapshot returns the content of the files in a directory by name.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		if !entry.IsDir() {
			files[entry.Name()] = read(t, filepath.Join(dir, entry.Name()))
		}
	}
	return files
}
