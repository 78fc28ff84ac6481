// Package setup is what pkg/testserver, which runs a server in the process of
// the test, and pkg/testprocess, which runs the gatehouse binary, have in common:
// the options of a server, the server that a test sees, and what is done between
// its start and its use. It depends on client-go alone, so that a test with
// testprocess does not link the server.
package setup

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// Options describes a server. Its zero value is a server with all defaults, which
// keeps its data in a temporary directory until it stops.
type Options struct {
	// FeatureGates are feature gates of kube-apiserver. All servers of one process
	// share their values; a second server that asks for others gets an error.
	FeatureGates map[string]bool
	// Authorization is --authorization-mode, by default Node and RBAC.
	Authorization []string
	// EnableAdmissionPlugins and DisableAdmissionPlugins change the set of admission
	// plugins, which by default is kube-apiserver's.
	EnableAdmissionPlugins, DisableAdmissionPlugins []string
	// Controllers is --controllers. If it is nil, the default ones run; if it is
	// empty but not nil, none runs.
	Controllers []string
	// Flags are further flags of the server, such as "--event-ttl=5m".
	Flags []string

	// CRDs are CustomResourceDefinitions. Their resources are served when the start
	// returns. Conversion webhooks are called at the local address of Webhooks.
	CRDs Manifests
	// Objects are created after the CRDs, in order. The status of an object is
	// written as well.
	Objects Manifests
	// Webhooks are created last.
	Webhooks Webhooks

	// DataDir keeps the data, certificates and keys. A server that is started with
	// the directory of an earlier one goes on with its data. If it is empty, the
	// data is in a temporary directory, which is removed when the server stops.
	DataDir string
	// NoSocket serves without a network: only clients with a configuration of this
	// server reach it. There is no kubeconfig then. A server in a process of its own
	// cannot do this.
	NoSocket bool

	// Audit receives an event for each answered request, with the bodies, unless
	// --audit-policy-file says otherwise. It is called concurrently, and must return
	// soon.
	Audit func(*auditv1.Event)
	// Log receives what the server logs, line by line: warnings and errors, and
	// everything if Verbose is set. By default it is t.Log of the test that starts the
	// server; without a test the lines are dropped. It may be called concurrently.
	Log func(line string)
	// Verbose logs the information of the libraries as well.
	Verbose bool
	// ReadyTimeout is how long the server may take to be ready, by default one
	// minute.
	ReadyTimeout time.Duration
}

// Manifests are objects of the API from any of three sources, which are applied
// in this order.
type Manifests struct {
	// Paths are YAML or JSON files, or directories with such files.
	Paths []string
	// FS is a file system of such files, for example an embed.FS. All of its files
	// with the extensions yaml, yml and json are read, in the order of their paths.
	FS fs.FS
	// Objects are objects of client-go's types, unstructured objects, or others
	// whose TypeMeta is set.
	Objects []runtime.Object
}

// Webhooks are webhook configurations whose webhooks run in the test. As
// WebhookInstallOptions of envtest does, the server is told to call them at a
// local address: the service of each webhook is replaced by
// https://HOST:PORT/PATH, and its CA bundle is set.
type Webhooks struct {
	Manifests
	// Host, Port and CertDir are where the test serves the webhooks: Port is a free
	// port of the host 127.0.0.1 by default. CertDir receives tls.crt and tls.key; by
	// default it is in the data directory. The running server tells the chosen
	// values.
	Host    string
	Port    int
	CertDir string
	// Conversion lets the webhook at the path /convert convert between the versions of
	// those CRDs that have several and name no webhook. Projects of kubebuilder need
	// this, because there a patch of kustomize names the webhook.
	Conversion bool
}

func (w Webhooks) wanted() bool {
	return len(w.Paths) > 0 || w.FS != nil || len(w.Objects) > 0 || w.Port != 0 || w.CertDir != "" || w.Conversion
}

// Args returns the command line of the server.
func (o Options) Args() []string {
	args := []string{"--data-dir=" + o.DataDir}
	if len(o.FeatureGates) > 0 {
		var gates []string
		for _, name := range slices.Sorted(maps.Keys(o.FeatureGates)) {
			gates = append(gates, fmt.Sprintf("%s=%t", name, o.FeatureGates[name]))
		}
		args = append(args, "--feature-gates="+strings.Join(gates, ","))
	}
	for _, list := range []struct {
		flag   string
		values []string
	}{
		{"authorization-mode", o.Authorization},
		{"enable-admission-plugins", o.EnableAdmissionPlugins},
		{"disable-admission-plugins", o.DisableAdmissionPlugins},
		{"controllers", o.Controllers},
	} {
		if list.values != nil {
			args = append(args, "--"+list.flag+"="+strings.Join(list.values, ","))
		}
	}
	return append(args, o.Flags...)
}

// Flag returns the value of a flag in Flags, and whether it is there.
func (o Options) Flag(name string) (value string, ok bool) {
	for _, arg := range slices.Backward(o.Flags) {
		if flag, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "="); flag == name {
			return value, true
		}
	}
	return "", false
}

// Only returns the one element of options, which callers can leave out.
func Only(options []Options) (o Options) {
	if len(options) > 1 {
		panic("there is more than one Options")
	}
	for _, o = range options {
	}
	return o
}
