package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// kubeconfigOptions are the flags of gatehouse kubeconfig.
type kubeconfigOptions struct {
	data     options.DataOptions
	user     string
	groups   []string
	duration time.Duration
	file     string
}

func newKubeconfigCommand() *cobra.Command {
	o := kubeconfigOptions{data: options.DataOptions{Dir: options.DefaultDataDir}, duration: 365 * 24 * time.Hour}
	cmd := &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print a kubeconfig for the administrator or for another user",
		Long: "Prints the kubeconfig of the administrator or, with --user, one with a new client certificate for another user. The user may do what\n" +
			"the authorization allows, for example a RoleBinding. The certificate is signed by the CA in the data directory, and nothing is written\n" +
			"there, so the server may run or not. There is no way to revoke a client certificate: choose a short --duration.\n\n" +
			"  gatehouse kubeconfig --user jane --group developers --file jane.kubeconfig",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := o.kubeconfig(time.Now())
			if err != nil {
				return err
			}
			if o.file != "" {
				return pki.WriteFile(o.file, config)
			}
			_, err = cmd.OutOrStdout().Write(config)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.data.Dir, "data-dir", o.data.Dir, "Data directory of the server.")
	flags.StringVar(&o.user, "user", o.user, "Name of the user. Without it, the kubeconfig is that of the administrator.")
	flags.StringArrayVar(&o.groups, "group", o.groups, "Group of the user. Can be repeated.")
	flags.DurationVar(&o.duration, "duration", o.duration, "How long the certificate for --user is valid, at most as long as that of the CA.")
	flags.StringVar(&o.file, "file", o.file, "File to write in place of the standard output. Only its owner can read it.")
	return cmd
}

// kubeconfig returns the kubeconfig for which the flags ask.
func (o *kubeconfigOptions) kubeconfig(now time.Time) ([]byte, error) {
	switch {
	case o.user == "" && len(o.groups) > 0:
		return nil, errors.New("--group needs --user")
	case o.duration <= 0:
		return nil, fmt.Errorf("--duration must be greater than 0, not %v", o.duration)
	}
	if err := pki.CheckPrivate(o.data.Dir); err != nil {
		return nil, fmt.Errorf("--data-dir: %w", err)
	}
	config, err := clientcmd.LoadFromFile(o.data.Kubeconfig())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no %s: start a server with this --data-dir first, or choose the --data-dir of one", absolute(o.data.Kubeconfig()))
	case err != nil:
		return nil, fmt.Errorf("administrator's kubeconfig: %w", err)
	}
	if o.user != "" {
		if config, err = o.forUser(config, now); err != nil {
			return nil, fmt.Errorf("certificate for %q: %w", o.user, err)
		}
	}
	return clientcmd.Write(*config)
}

// forUser returns a kubeconfig for the cluster of the administrator's with a new
// certificate.
func (o *kubeconfigOptions) forUser(admin *clientcmdapi.Config, now time.Time) (*clientcmdapi.Config, error) {
	current := admin.Contexts[admin.CurrentContext]
	if current == nil {
		return nil, fmt.Errorf("%s has no current context", o.data.Kubeconfig())
	}
	cert, key, err := pki.Existing(absolute(filepath.Join(o.data.Dir, "pki"))).IssueClient(now, o.duration, o.user, o.groups...)
	if err != nil {
		return nil, err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[current.Cluster] = admin.Clusters[current.Cluster]
	config.AuthInfos[o.user] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.CurrentContext = o.user + "@" + current.Cluster
	config.Contexts[config.CurrentContext] = &clientcmdapi.Context{Cluster: current.Cluster, AuthInfo: o.user}
	return config, nil
}
