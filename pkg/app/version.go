package app

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	etcdversion "go.etcd.io/etcd/api/v3/version"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/yaml"

	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// versions is what gatehouse version -o json prints.
type versions struct {
	Gatehouse  string                   `json:"gatehouse"`
	Etcd       string                   `json:"etcd"`
	Kubernetes apimachineryversion.Info `json:"kubernetes"`
}

func newVersionCommand() *cobra.Command {
	format := ""
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printVersions(cmd.OutOrStdout(), format)
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", format, "json or yaml. The default is text.")
	return cmd
}

func printVersions(w io.Writer, format string) error {
	all := versions{Gatehouse: version.Gatehouse, Etcd: etcdversion.Version, Kubernetes: version.Binary()}
	switch format {
	case "":
		fmt.Fprintf(w, "Gatehouse %s\nKubernetes %s\netcd %s\n", all.Gatehouse, version.Kubernetes, all.Etcd)
		fmt.Fprintf(w, "%s %s\n", all.Kubernetes.GoVersion, all.Kubernetes.Platform)
		if all.Kubernetes.GitCommit != "" {
			fmt.Fprintf(w, "commit %s (%s) of %s\n", all.Kubernetes.GitCommit, all.Kubernetes.GitTreeState, all.Kubernetes.BuildDate)
		}
		return nil
	case "json":
		data, err := json.MarshalIndent(all, "", "  ")
		fmt.Fprintln(w, string(data))
		return err
	case "yaml":
		data, err := yaml.Marshal(all)
		fmt.Fprint(w, string(data))
		return err
	}
	return fmt.Errorf("--output must be json or yaml, not %q", format)
}
