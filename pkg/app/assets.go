package app

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func newAssetsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "assets DIR",
		Short: "Make the links kube-apiserver, etcd and kubectl to this binary in a directory",
		Long: "Makes the links kube-apiserver, etcd and kubectl to this binary in a directory. Called by one of these names, the binary is a substitute\n" +
			"for that program. Where links do not work, they are copies. Links and copies of an earlier call are replaced, other files are not.\n\n" +
			"envtest of controller-runtime finds them with the variable that is printed:\n\n" +
			"  eval $(gatehouse assets bin/k8s)\n" +
			"  go test ./...",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := absolute(args[0])
			if err := makeAssets(dir); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "export KUBEBUILDER_ASSETS=%s\n", quoted(dir))
			return err
		},
	}
}

// makeAssets makes the links to the running binary in a directory. It changes
// nothing if one of the names belongs to something else.
func makeAssets(dir string) error {
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	names := []string{}
	for _, p := range programs() {
		names = append(names, p.name+extension())
	}
	// The go command removes the binaries that go run makes. So what remains is a copy.
	temporary := strings.Contains(filepath.ToSlash(binary), "/go-build")
	if temporary {
		names = append(names, "gatehouse"+extension())
	}
	for _, name := range names {
		if file := filepath.Join(dir, name); !replaceable(file, binary) {
			return fmt.Errorf("%s exists and is not a link to this program or a copy of it: remove it, or choose another directory", file)
		}
	}
	if temporary {
		kept := filepath.Join(dir, "gatehouse"+extension())
		if err := replace(kept, func(file string) error { return copyFile(file, binary) }); err != nil {
			return err
		}
		binary, names = kept, names[:len(names)-1]
	}
	for _, name := range names {
		err := replace(filepath.Join(dir, name), func(file string) error {
			if os.Symlink(binary, file) == nil {
				return nil
			}
			return copyFile(file, binary)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// extension is what the names of programs end with.
func extension() string {
	if goruntime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// replaceable reports whether nothing has this name, or a link to a binary of
// this program, or a copy of one. A link that leads nowhere is one if its
// target has the name of this binary.
func replaceable(file, binary string) bool {
	_, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if info, err := buildinfo.ReadFile(file); err == nil {
		own, ok := debug.ReadBuildInfo()
		return ok && info.Path == own.Path
	}
	target, err := os.Readlink(file)
	if err != nil {
		return false
	}
	_, err = os.Stat(file)
	return errors.Is(err, fs.ErrNotExist) && filepath.Base(target) == filepath.Base(binary)
}

// replace creates a file under a temporary name and renames it, so that a
// program that is running, or that starts now, is not disturbed.
func replace(file string, create func(file string) error) error {
	temporary := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".new")
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := create(temporary); err != nil {
		return err
	}
	return os.Rename(temporary, file)
}

// copyFile copies an executable file.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
