package kubectl

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/kubectl/pkg/cmd/util"
	libversion "k8s.io/kubectl/pkg/cmd/version"
	"sigs.k8s.io/yaml"

	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// replaceVersion makes the command version of kubectl print the version of this
// project. The library's knows its version only if the linker has set it, and
// would warn that version 0.0 is too old for the server.
func replaceVersion(root *cobra.Command, f util.Factory, streams genericiooptions.IOStreams) {
	cmd, _, err := root.Find([]string{"version"})
	if err != nil {
		return
	}
	cmd.Run = func(cmd *cobra.Command, args []string) {
		if len(args) > 0 {
			util.CheckErr(fmt.Errorf("extra arguments: %v", args))
		}
		all, serverErr := versions(f, util.GetFlagBool(cmd, "client"))
		util.CheckErr(printVersions(all, util.GetFlagString(cmd, "output"), streams))
		if warning := skew(all); warning != "" {
			if util.GetFlagBool(cmd, "warnings-as-errors") {
				util.CheckErr(errors.New(warning))
			}
			fmt.Fprintf(streams.ErrOut, "Warning: %s\n", warning)
		}
		util.CheckErr(serverErr)
	}
}

// versions returns the versions of kubectl and, if there is a server, of the
// server. The error says why that one is missing.
func versions(f util.Factory, clientOnly bool) (all libversion.Version, serverErr error) {
	own := version.Binary()
	all.ClientVersion = &own
	all.KustomizeVersion, _ = libversion.GetKustomizeModVersion()
	if clientOnly {
		return all, nil
	}
	client, err := f.ToDiscoveryClient()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return all, nil
	case err != nil:
		return all, err
	}
	client.Invalidate()
	all.ServerVersion, serverErr = client.ServerVersion()
	return all, serverErr
}

func printVersions(all libversion.Version, format string, streams genericiooptions.IOStreams) error {
	switch format {
	case "":
		fmt.Fprintf(streams.Out, "Client Version: %s\nKustomize Version: %s\n", all.ClientVersion.GitVersion, all.KustomizeVersion)
		if all.ServerVersion != nil {
			fmt.Fprintf(streams.Out, "Server Version: %s\n", all.ServerVersion.GitVersion)
		}
		return nil
	case "yaml":
		data, err := yaml.Marshal(all)
		fmt.Fprintln(streams.Out, string(data))
		return err
	case "json":
		data, err := json.MarshalIndent(all, "", "  ")
		fmt.Fprintln(streams.Out, string(data))
		return err
	}
	return errors.New(`--output must be 'yaml' or 'json'`)
}
