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

// newServerCommand returns a command without a name that runs the server with
// these options.
func newServerCommand(o *options.Options, parent *parentOptions, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printed, err := o.Version.Print(stdout); printed {
				return err
			}
			return serve(parent.apply(signals(cmd.Context()), o, cmd.InOrStdin()), o, stdout)
		},
	}
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cmd
}

// describe adds the flags of the server to its command, and the help, which
// lists the subcommands and then the flags by section. The subcommands must
// have been added; they keep the usual help.
func describe(cmd *cobra.Command, o *options.Options, parent *parentOptions) {
	sections := o.Flags()
	parent.addFlags(sections.FlagSet("gatehouse"))
	globalflag.AddGlobalFlags(sections.FlagSet("global"), cmd.Name(), logs.SkipLoggingConfigurationFlags())
	for _, set := range sections.FlagSets {
		cmd.Flags().AddFlagSet(set)
	}
	cmd.Flags().SetNormalizeFunc(flag.WordSepNormalizeFunc)
	usage := func(w io.Writer) {
		fmt.Fprintf(w, "Usage:\n  %s\n", cmd.UseLine())
		if cmd.HasAvailableSubCommands() {
			fmt.Fprintf(w, "  %s [command]\n\nCommands:\n\n", cmd.Name())
			for _, sub := range cmd.Commands() {
				if sub.IsAvailableCommand() {
					fmt.Fprintf(w, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
				}
			}
		}
		width, _, _ := term.TerminalSize(cmd.OutOrStdout())
		flag.PrintSections(w, sections, width)
	}
	defaults := new(cobra.Command)
	cmd.SetUsageFunc(func(c *cobra.Command) error {
		if c != cmd {
			return defaults.UsageFunc()(c)
		}
		usage(c.OutOrStderr())
		return nil
	})
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		if c != cmd {
			defaults.HelpFunc()(c, args)
			return
		}
		fmt.Fprintf(c.OutOrStdout(), "%s\n\n", c.Long)
		usage(c.OutOrStdout())
	})
}

func serve(ctx context.Context, o *options.Options, stdout io.Writer) error {
	silence(ctx, o.Logs)
	completed, err := o.Complete() // it sets the feature gates of logging
	if err != nil {
		return err
	}
	if err := applyLogging(ctx, o.Logs); err != nil {
		return err
	}
	defer logs.FlushLogs()
	if err := completed.Validate(); err != nil {
		return err
	}
	applyMetrics(o.Metrics)
	tuneGC()
	s, err := server.New(ctx, completed)
	if err != nil {
		return err
	}
	go func() {
		if s.Ready(ctx) == nil {
			var hint string
			if s.Kubeconfig != "" {
				hint = ": export KUBECONFIG=" + absolute(s.Kubeconfig)
			}
			fmt.Fprintf(stdout, "gatehouse %s is ready on %s after %v%s\n", version.Git, s.URL, time.Since(started).Round(time.Millisecond), hint)
			returnMemory(ctx)
		}
	}()
	return s.Run(ctx)
}

// signals returns a context that ends with the first SIGINT or SIGTERM. The
// second signal ends the process immediately.
func signals(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
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
