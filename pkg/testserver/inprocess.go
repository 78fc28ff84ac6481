package testserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/refusals"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver/setup"
)

// inProcess is a setup.Runner that runs the server in this process.
type inProcess struct {
	server *server.Server
}

// Start implements setup.Runner.
func (r *inProcess) Start(ctx context.Context, o setup.Options, report setup.Report) (setup.Running, error) {
	running, err := r.start(ctx, o, report)
	if err != nil {
		return setup.Running{}, fmt.Errorf("testserver: %w", err)
	}
	return running, nil
}

func (r *inProcess) start(ctx context.Context, o setup.Options, report setup.Report) (running setup.Running, err error) {
	flags := options.New()
	flags.Embedding = options.Embedding{Audit: o.Audit, Refused: func(refusal refusals.Refusal) { report.Refused(refusal.String()) }}
	if o.NoSocket {
		memory := listenInMemory()
		flags.Embedding.Listener, flags.Embedding.Dial, running.Dial = memory, memory.dial, memory.dial
	}
	completed, err := complete(flags, o.Args())
	if err != nil {
		return running, err
	}
	logger, forget := logs.add(report.Log, o.Verbose)
	ctx = klog.NewContext(ctx, logger)
	apiserver, err := server.New(ctx, completed)
	if err != nil {
		forget()
		return running, err
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- apiserver.Run(runCtx) }()
	running.URL = apiserver.URL
	running.Stop = func() error {
		defer forget()
		cancel()
		return <-ended
	}
	if err := apiserver.Ready(ctx); err != nil {
		return running, errors.Join(err, running.Stop())
	}
	r.server = apiserver
	return running, nil
}

// complete returns the options of the flags.
func complete(o *options.Options, args []string) (options.Completed, error) {
	flags := pflag.NewFlagSet("testserver", pflag.ContinueOnError)
	for _, section := range o.Flags().FlagSets {
		flags.AddFlagSet(section)
	}
	if err := flags.Parse(append([]string{"--secure-port=0"}, args...)); err != nil {
		return options.Completed{}, err
	}
	if len(o.Etcd.StorageConfig.Transport.ServerList) == 0 {
		o.Data.EtcdNoSync = true // a test does not need its data after a crash of the machine
		storage.UseSmallSegments()
	}
	return o.Complete()
}
