// Package admission contains the building blocks of admission plugins. On
// defines what a plugin does with requests for one resource. Mutate, Validate
// and MutateAndValidate combine such rules to a handler, which a plugin returns
// or embeds. Plugin describes a plugin in the list of pkg/admission/plugins.
// Each plugin of this project has its own package below this one.
//
// A plugin receives what it needs from the server through the interfaces of
// k8s.io/apiserver/pkg/admission/initializer. For example, a plugin that embeds
// a handler and has the method SetExternalKubeInformerFactory receives the
// informers.
package admission

import (
	"io"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// These names of k8s.io/apiserver are repeated here for the hooks.
type (
	// Attributes describes a request.
	Attributes = apiadmission.Attributes
	// Interface is an admission plugin.
	Interface = apiadmission.Interface
	// Operation is the operation of a request.
	Operation = apiadmission.Operation
)

// The operations.
const (
	Create  = apiadmission.Create
	Update  = apiadmission.Update
	Delete  = apiadmission.Delete
	Connect = apiadmission.Connect
)

// Plugin is an admission plugin of one server. It may contain the values of its
// flags; each server therefore needs its own.
type Plugin struct {
	// Name is the name of the plugin in kube-apiserver.
	Name string
	// Off is true if the plugin runs only when --enable-admission-plugins names
	// it.
	Off bool
	// Needs are the resources that the plugin reads through informers: without one
	// of them the server would never be ready.
	Needs []schema.GroupVersionResource
	// AddFlags, if not nil, adds the flags of this plugin.
	AddFlags func(*pflag.FlagSet)
	// New creates the plugin. It is called after the flags are parsed. config
	// is the configuration of the plugin in --admission-control-config-file, or
	// nil. If New returns an error, the server does not start.
	New func(config io.Reader) (Interface, error)
	// Register is set instead of New for a plugin of a library that registers
	// itself under its name.
	Register func(*apiadmission.Plugins)
}

// AddTo registers the plugin with k8s.io/apiserver.
func (p Plugin) AddTo(plugins *apiadmission.Plugins) {
	if p.Register != nil {
		p.Register(plugins)
		return
	}
	plugins.Register(p.Name, p.New)
}
