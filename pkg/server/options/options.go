// Package options defines the command line of the server: kube-apiserver's
// flags with the same names and meaning, mostly in the option structs of
// k8s.io/apiserver, and a few additional flags for the embedded etcd, the data
// directory and the controllers.
package options

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/server/flagz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/component-base/cli/flag"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register" // --logging-format=json, and its flags
	"k8s.io/component-base/metrics"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/loops"
	"github.com/gatehouse-k8s/gatehouse/pkg/storage"
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// Options contains all flags, by section of --help.
type Options struct {
	Data           *DataOptions
	Generic        *genericoptions.ServerRunOptions
	Etcd           *genericoptions.EtcdOptions
	SecureServing  *genericoptions.SecureServingOptions
	Audit          *genericoptions.AuditOptions
	Features       *genericoptions.FeatureOptions
	Authentication *AuthenticationOptions
	Authorization  *AuthorizationOptions
	APIEnablement  *genericoptions.APIEnablementOptions
	EgressSelector *genericoptions.EgressSelectorOptions
	Admission      *AdmissionOptions
	Metrics        *metrics.Options
	Logs           *logs.Options
	Traces         *genericoptions.TracingOptions
	Aggregator     *AggregatorOptions

	// ServiceAccounts contains kube-apiserver's flags for service account
	// tokens.
	ServiceAccounts *ServiceAccountOptions
	// Services contains kube-apiserver's flags for services.
	Services *ServiceOptions
	// Kubelet contains kube-apiserver's flags for connections to kubelets.
	Kubelet *KubeletOptions
	// Peers contains kube-apiserver's flags for other API servers.
	Peers *PeerOptions
	// Leadership contains kube-apiserver's flags for coordinated leader election.
	Leadership *LeadershipOptions
	// EventTTL is how long events are kept.
	EventTTL time.Duration
	// AllowPrivileged allows privileged containers.
	AllowPrivileged bool
	// LogsHandler serves the files in /var/log at /logs/.
	LogsHandler bool
	// MaxConnectionBytesPerSec limits what a client may receive in one second over a
	// connection to a container or a port of a pod; 0 means no limit.
	MaxConnectionBytesPerSec int64
	// Servers is the number of API servers that share the storage:
	// kube-apiserver's --apiserver-count.
	Servers int
	// Controllers selects the controllers of kube-controller-manager that run
	// in this process.
	Controllers []string
	// Version is the version that the server reports.
	Version version.Flag
	// Embedding is what a program that contains the server adds to the flags.
	Embedding Embedding

	// likeKubeAPIServer is set by the name kube-apiserver: without --etcd-servers
	// and with port 0 the server does not start.
	likeKubeAPIServer bool
	flags             flag.NamedFlagSets
}

// New returns the default options of the name gatehouse. They are
// kube-apiserver's except for those in NameDefaults.
func New() *Options {
	o := &Options{
		Data:           &DataOptions{Dir: DefaultDataDir, EtcdQuotaBytes: storage.DefaultQuotaBytes},
		Generic:        genericoptions.NewServerRunOptionsForComponent(basecompatibility.DefaultKubeComponent, newComponentGlobals()),
		Etcd:           genericoptions.NewEtcdOptions(storagebackend.NewDefaultConfig("/registry", nil)),
		SecureServing:  genericoptions.NewSecureServingOptions(),
		Audit:          genericoptions.NewAuditOptions(),
		Features:       genericoptions.NewFeatureOptions(),
		Authentication: newAuthenticationOptions(),
		Authorization:  newAuthorizationOptions(),
		APIEnablement:  genericoptions.NewAPIEnablementOptions(),
		EgressSelector: genericoptions.NewEgressSelectorOptions(),
		Admission:      newAdmissionOptions(),
		Metrics:        metrics.NewOptions(),
		Logs:           logs.NewOptions(),
		Traces:         genericoptions.NewTracingOptions(),
		Aggregator:     newAggregatorOptions(),
		Peers:          &PeerOptions{},
		Leadership:     newLeadershipOptions(),
		EventTTL:       time.Hour,
		Servers:        1,
	}
	o.ServiceAccounts = newServiceAccountOptions()
	o.Services = newServiceOptions()
	o.Kubelet = newKubeletOptions()
	o.Etcd.DefaultStorageMediaType = runtime.ContentTypeProtobuf
	// Tools that set up test clusters all pass --allow-privileged.
	o.AllowPrivileged = true
	o.Controllers = allControllers()
	o.SecureServing.BindAddress = net.IPv4(127, 0, 0, 1)
	o.SecureServing.BindPort = 6443
	o.SecureServing.Required = true
	o.SecureServing.ServerCert.CertDirectory = ""
	return o
}

// Flags returns the flags by section, in the order of --help.
func (o *Options) Flags() (sections flag.NamedFlagSets) {
	o.Data.AddFlags(sections.FlagSet("gatehouse"))
	sections.FlagSet("gatehouse").StringSliceVar(&o.Controllers, "controllers", o.Controllers, ""+
		"Controllers of kube-controller-manager to run in this process: '*' enables all of them, 'foo' enables the one named foo, '-foo' disables the one named foo. "+
		"With --etcd-servers the default is none. They stand down while a kube-controller-manager holds its Lease. "+
		"Available controllers: "+strings.Join(loops.All().Names(), ", ")+".")
	o.Generic.AddUniversalFlags(sections.FlagSet("generic"))
	sections.FlagSet("generic").Lookup("shutdown-watch-termination-grace-period").Usage = "How long watches may go on when the server stops. " +
		"With 0 they end soon after the other requests have ended."
	o.Etcd.AddFlags(sections.FlagSet("etcd"))
	o.SecureServing.AddFlags(sections.FlagSet("secure serving"))
	sections.FlagSet("secure serving").Lookup("secure-port").Usage = "The port on which to serve HTTPS with authentication and authorization. " +
		"With 0 the system chooses a free port."
	o.Audit.AddFlags(sections.FlagSet("auditing"))
	o.Features.AddFlags(sections.FlagSet("features"))
	o.Authentication.AddFlags(sections.FlagSet("authentication"))
	o.ServiceAccounts.AddFlags(sections.FlagSet("authentication"))
	o.Authorization.AddFlags(sections.FlagSet("authorization"))
	o.APIEnablement.AddFlags(sections.FlagSet("API enablement"))
	o.EgressSelector.AddFlags(sections.FlagSet("egress selector"))
	o.Admission.AddFlags(sections.FlagSet("admission"))
	o.Metrics.AddFlags(sections.FlagSet("metrics"))
	logsapi.AddFlags(o.Logs, sections.FlagSet("logs"))
	o.Traces.AddFlags(sections.FlagSet("traces"))

	misc := sections.FlagSet("misc")
	o.Aggregator.AddFlags(misc)
	o.Services.AddFlags(misc)
	o.Kubelet.AddFlags(misc)
	o.Peers.AddFlags(misc)
	o.Leadership.AddFlags(misc)
	misc.DurationVar(&o.EventTTL, "event-ttl", o.EventTTL, "How long to keep events.")
	misc.BoolVar(&o.AllowPrivileged, "allow-privileged", o.AllowPrivileged, "Whether to admit privileged containers.")
	misc.BoolVar(&o.LogsHandler, "enable-logs-handler", o.LogsHandler, "Serve the files in /var/log at /logs/.")
	markDeprecated(misc, "enable-logs-handler", "Log handler functionality is deprecated")
	misc.Int64Var(&o.MaxConnectionBytesPerSec, "max-connection-bytes-per-sec", o.MaxConnectionBytesPerSec, ""+
		"How many bytes a client may transfer in one second over a connection to a container or a port of a pod. 0 means no limit.")
	misc.IntVar(&o.Servers, "apiserver-count", o.Servers, "The number of API servers of the cluster. "+
		"With more than one, a custom resource becomes available after a delay in which the other servers can observe its definition.")
	o.Version.AddTo(sections.FlagSet("global"))
	_ = misc.MarkDeprecated("apiserver-count", "It is needed only where several servers share an etcd.") // fails only if the flag does not exist
	o.flags = sections
	return sections
}

// markDeprecated marks a flag as deprecated and, as kube-apiserver does, still shows it
// in the help.
func markDeprecated(flags *pflag.FlagSet, name, instead string) {
	flag := flags.Lookup(name)
	flag.Deprecated, flag.Hidden = instead, false
}

// allControllers is the default of --controllers.
func allControllers() []string { return []string{"*"} }

// controllersChosen reports whether --controllers is given. Otherwise no controller
// runs with an external etcd, because a kube-controller-manager is likely to run there.
func (o *Options) controllersChosen() bool {
	if set := o.flags.FlagSets["gatehouse"]; set != nil {
		return set.Changed("controllers")
	}
	return !slices.Equal(o.Controllers, allControllers())
}

// Flagz returns the values of all flags, for /flagz.
func (o *Options) Flagz() flagz.Reader { return flagz.NamedFlagSetsReader{FlagSets: o.flags} }

// Completed contains options with all defaults filled in.
type Completed struct{ *completed }

type completed struct {
	*Options
	// Embedded is true if etcd runs in this process.
	Embedded bool
	// NoData is true if the server has no data directory: it uses an external etcd, and
	// flags name its certificates and keys, or it is called kube-apiserver. It makes no
	// administrator's kubeconfig then.
	NoData bool
}

// Complete fills in values that depend on other flags and applies the feature
// gates. It must be called before anything reads a feature gate.
func (o *Options) Complete() (Completed, error) {
	if err := o.setComponentGlobals(); err != nil {
		return Completed{}, err
	}
	if err := o.Generic.DefaultAdvertiseAddress(o.SecureServing); err != nil {
		return Completed{}, fmt.Errorf("--advertise-address: %w", err)
	}
	if err := completeRuntimeConfig(o.APIEnablement.RuntimeConfig); err != nil {
		return Completed{}, err
	}
	// By the name gatehouse, 0 is a free port. The library refuses it.
	o.SecureServing.Required = o.SecureServing.BindPort != 0 || o.likeKubeAPIServer
	o.Data.complete(o.SecureServing.ServerCert.CertDirectory)
	o.Admission.complete()
	o.ServiceAccounts.complete()
	o.Services.complete()
	o.Authorization.complete()
	c := Completed{&completed{Options: o, Embedded: len(o.Etcd.StorageConfig.Transport.ServerList) == 0 && !o.likeKubeAPIServer}}
	if !c.Embedded && !o.controllersChosen() {
		o.Controllers = nil
	}
	c.NoData = o.likeKubeAPIServer && o.Data.Dir == "" ||
		!c.Embedded && !o.Data.chosen() && o.Authentication.ClientCAFile != "" &&
			(o.ServiceAccounts.SigningKeyFile != "" || o.ServiceAccounts.SigningEndpoint != "") &&
			(o.SecureServing.ServerCert.CertDirectory != "" || o.SecureServing.ServerCert.CertKey.CertFile != "")
	if c.Embedded {
		// The validation of k8s.io/apiserver requires a server. The embedded etcd does not use this
		// value.
		o.Etcd.StorageConfig.Transport.ServerList = []string{"embedded"}
	}
	return c, nil
}

// Validate returns all errors in the flags. Each error names its flag.
func (c Completed) Validate() error {
	var errs []error
	for _, err := range c.Generic.Validate() {
		if !strings.Contains(err.Error(), "--") {
			err = fmt.Errorf("--emulated-version, --min-compatibility-version or another generic flag: %w", err)
		}
		errs = append(errs, err)
	}
	for _, group := range []interface{ Validate() []error }{
		c.Etcd, c.SecureServing, c.Audit, c.Features, c.Authentication, c.ServiceAccounts, c.Services, c.Kubelet, c.Authorization,
		c.EgressSelector, c.Admission, metricsOptions{c.Metrics}, c.Traces, c.Aggregator, c.Peers, c.Leadership,
	} {
		errs = append(errs, group.Validate()...)
	}
	if !c.NoData {
		errs = append(errs, c.Data.Validate()...)
	}
	errs = append(errs, c.validateRuntimeConfig()...)
	if err := loops.All().Validate(c.Controllers); err != nil {
		errs = append(errs, fmt.Errorf("--controllers: %w", err))
	}
	if c.Servers <= 0 {
		errs = append(errs, fmt.Errorf("--apiserver-count should be a positive number, but value '%d' provided", c.Servers))
	}
	if c.EventTTL <= 0 {
		errs = append(errs, fmt.Errorf("--event-ttl must be greater than 0, not %v", c.EventTTL))
	}
	if !c.Embedded && c.Data.etcdFlagsSet() {
		errs = append(errs, fmt.Errorf("--embedded-etcd-* flags have no effect with --etcd-servers"))
	}
	return utilerrors.NewAggregate(errs)
}
