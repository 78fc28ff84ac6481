// Package kubectl is kubectl: the command of k8s.io/kubectl with the version of
// this project.
package kubectl

import (
	"os"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	restclient "k8s.io/client-go/rest"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/plugin"
	"k8s.io/kubectl/pkg/cmd/util"

	_ "github.com/gatehouse-k8s/gatehouse/pkg/app/kubectl/translations" // must be initialized before kubectl
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// Main runs kubectl and returns the exit code. args begin with the name kubectl.
// After an error it prints the error and ends the process, as kubectl does.
func Main(args []string) int {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	flags := genericclioptions.NewConfigFlags(true).WithDeprecatedPasswordFlag().WithDiscoveryBurst(300).WithDiscoveryQPS(50).
		WithWarningPrinter(streams).WithWrapConfigFn(withUserAgent)
	command := cmd.NewDefaultKubectlCommandWithArgs(cmd.KubectlOptions{
		PluginHandler: cmd.NewDefaultPluginHandler(plugin.ValidPluginFilenamePrefixes),
		Arguments:     args,
		ConfigFlags:   flags,
		IOStreams:     streams,
	})
	replaceVersion(command, util.NewFactory(util.NewMatchVersionFlags(flags)), streams)
	command.SetArgs(args[1:])
	if err := cli.RunNoErrOutput(command); err != nil {
		util.CheckErr(err)
	}
	return 0
}

// withUserAgent names the version of this project, because the library knows
// its own only if the linker has set it.
func withUserAgent(c *restclient.Config) *restclient.Config {
	if c.UserAgent == "" {
		c.UserAgent = version.UserAgent("kubectl")
	}
	return c
}
