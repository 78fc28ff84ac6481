// Package app implements the command line. The root command runs the server.
package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	"k8s.io/component-base/logs"
	"k8s.io/component-base/term"

	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// started approximates the time at which the process was started.
var started = time.Now()

// Main runs the command line and returns the exit code: 0 after a signal, 1
// after an error, which it prints in one line.
func Main() int {
	if err := NewCommand(os.Stdout, os.Stderr).ExecuteContext(signals()); err != nil {
		fmt.Fprintf(os.Stderr, "gatehouse: %v\n", err)
		return 1
	}
	return 0
}

// NewCommand returns the root command. It runs the server until its context
// ends.
func NewCommand(stdout, stderr io.Writer) *cobra.Command {
	o := options.New()
	var parent parentOptions
	cmd := &cobra.Command{
		Use:   "gatehouse",
		Short: "A Kubernetes API server in one process",
		Long: "A Kubernetes API server in one process, which includes etcd. It serves the API and accepts the flags of kube-apiserver.\n\n" +
			"Without flags it listens on https://127.0.0.1:6443 and keeps its data, its certificates and the\n" +
			"administrator's kubeconfig in .gatehouse.",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printed, err := o.Version.Print(stdout); printed {
				return err
			}
			return serve(parent.apply(cmd.Context(), o, cmd.InOrStdin()), o, stdout)
		},
	}
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	sections := o.Flags()
	parent.addFlags(sections.FlagSet("gatehouse"))
	globalflag.AddGlobalFlags(sections.FlagSet("global"), cmd.Name(), logs.SkipLoggingConfigurationFlags())
	for _, set := range sections.FlagSets {
		cmd.Flags().AddFlagSet(set)
	}
	cmd.Flags().SetNormalizeFunc(flag.WordSepNormalizeFunc)
	width, _, _ := term.TerminalSize(stdout)
	flag.SetUsageAndHelpFunc(cmd, sections, width)
	return cmd
}

func serve(ctx context.Context, o *options.Options, stdout io.Writer) error {
	if err := applyLogging(o.Logs); err != nil {
		return err
	}
	completed, err := o.Complete()
	if err != nil {
		return err
	}
	defer logs.FlushLogs()
	if m := o.Metrics; m.ShowHiddenMetricsForVersion != "" || len(m.DisabledMetrics) > 0 || m.AllowListMapping != nil || m.AllowListMappingManifest != "" {
		m.Apply()
	}
	tuneGC()
	s, err := server.New(ctx, completed)
	if err != nil {
		return err
	}
	go func() {
		if s.Ready(ctx) == nil {
			fmt.Fprintf(stdout, "gatehouse %s is ready on %s after %v: export KUBECONFIG=%s\n",
				version.Git, s.URL, time.Since(started).Round(time.Millisecond), s.Kubeconfig)
			returnMemory(ctx)
		}
	}()
	return s.Run(ctx)
}

// signals returns a context that ends with the first SIGINT or SIGTERM. The
// second signal ends the process immediately.
func signals() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-c
		cancel()
		<-c
		os.Exit(1)
	}()
	return ctx
}
