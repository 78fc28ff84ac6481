// Package app implements the command line. One binary answers to several names:
// as gatehouse its root command runs the server, and its subcommands do the rest;
// as kube-apiserver, etcd or kubectl it is a substitute for that program.
package app

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"

	"github.com/gatehouse-k8s/gatehouse/pkg/app/kubectl"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// started approximates the time at which the process was started.
var started = time.Now()

// program is what the binary does when it is called by a name.
type program struct {
	name string
	// run does not return before the program has ended. args begin with the name.
	run func(args []string) (exitCode int)
}

// programs are the names to which the binary answers in the place of other
// programs. By any other name it is gatehouse.
func programs() []program {
	return []program{
		{"kube-apiserver", runKubeAPIServer},
		{"etcd", runEtcd},
		{"kubectl", kubectl.Main},
	}
}

// Main runs the program as which the binary was called, with the arguments of
// the process, and returns the exit code.
func Main() int {
	name := nameOf(os.Args[0])
	for _, p := range programs() {
		if p.name == name {
			return p.run(append([]string{name}, os.Args[1:]...))
		}
	}
	return runGatehouse(os.Args)
}

// nameOf returns the name of the program in a path: its last element, on
// Windows without the extension.
func nameOf(path string) string {
	name := filepath.Base(path)
	if extension := filepath.Ext(name); strings.EqualFold(extension, ".exe") {
		name = strings.TrimSuffix(name, extension)
	}
	return name
}

// runGatehouse runs a subcommand, or the server. The exit code is 0 after a
// signal, and 1 after an error, which is printed in one line.
func runGatehouse(args []string) int {
	if kubectlArgs, ok := completesKubectl(args[1:]); ok {
		return kubectl.Main(kubectlArgs)
	}
	cmd := NewCommand(os.Stdout, os.Stderr)
	cmd.SetArgs(args[1:])
	if err := cmd.Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "gatehouse: %v\n", err)
		return 1
	}
	return 0
}

// runKubeAPIServer runs the server with the defaults of kube-apiserver and
// without subcommands.
func runKubeAPIServer(args []string) int {
	o := options.New()
	o.UseKubeAPIServerDefaults()
	parent := &parentOptions{}
	cmd := newServerCommand(o, parent, os.Stdout, os.Stderr)
	cmd.Use = args[0]
	cmd.Long = "A substitute for kube-apiserver in one process, with its flags and its defaults. It needs an etcd (--etcd-servers)."
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("%q does not take any arguments, got %q", "kube-apiserver", args)
		}
		return nil
	}
	describe(cmd, o, parent)
	cmd.SetArgs(args[1:])
	// As in kube-apiserver, this prints mistakes in the command line as they are, and
	// logs other errors as "command failed".
	return cli.Run(cmd)
}

// runEtcd runs etcd's own main function, which ends the process itself.
func runEtcd(args []string) int {
	etcdmain.Main(args)
	return 0
}

// NewCommand returns the command gatehouse. It runs the server until the
// context ends or a signal comes.
func NewCommand(stdout, stderr io.Writer) *cobra.Command {
	o := options.New()
	parent := &parentOptions{}
	cmd := newServerCommand(o, parent, stdout, stderr)
	cmd.Use = "gatehouse"
	cmd.Short = "A Kubernetes API server in one process"
	cmd.Long = "A Kubernetes API server in one process, which includes etcd. Without a command it serves the API and accepts the flags of kube-apiserver.\n\n" +
		"Without flags it listens on https://127.0.0.1:6443 and keeps its data, its certificates and the\n" +
		"administrator's kubeconfig in .gatehouse."
	cmd.Args = cobra.NoArgs
	cmd.AddCommand(newAssetsCommand(), newKubeconfigCommand(), newKubectlCommand(), newVersionCommand())
	describe(cmd, o, parent)
	return cmd
}
