package app

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/gatehouse-k8s/gatehouse/pkg/app/kubectl"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

const kubectlName = "kubectl"

func newKubectlCommand() *cobra.Command {
	return &cobra.Command{
		Use:   kubectlName,
		Short: "Run kubectl, by default as the administrator of the server in this directory",
		// kubectl reads the flags itself.
		DisableFlagParsing: true,
		Run: func(_ *cobra.Command, args []string) {
			useServerKubeconfig()
			os.Exit(kubectl.Main(append([]string{kubectlName}, args...)))
		},
	}
}

// useServerKubeconfig sets the environment variable KUBECONFIG, if it is not
// set, to the administrator's kubeconfig in the default data directory, if that
// exists.
func useServerKubeconfig() {
	file := absolute((&options.DataOptions{Dir: options.DefaultDataDir}).Kubeconfig())
	if _, err := os.Stat(file); err == nil && os.Getenv("KUBECONFIG") == "" {
		_ = os.Setenv("KUBECONFIG", file) // fails only for an invalid name
	}
}

// completesKubectl recognizes the hidden command with which a shell asks what
// can follow "gatehouse kubectl". kubectl answers it.
func completesKubectl(args []string) (kubectlArgs []string, ok bool) {
	if len(args) < 3 || args[0] != cobra.ShellCompRequestCmd && args[0] != cobra.ShellCompNoDescRequestCmd || args[1] != kubectlName {
		return nil, false
	}
	useServerKubeconfig()
	return append([]string{kubectlName, args[0]}, args[2:]...), true
}
