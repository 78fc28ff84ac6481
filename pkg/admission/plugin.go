// Package admission is what admission plugins are made of. On says what a
// plugin does with one resource; Mutate, Validate and MutateAndValidate make a
// handler of it, which a plugin returns or embeds; Plugin is the plugin's entry
// in the list of pkg/admission/plugins. Each plugin that is ours has a folder
// below this one.
//
// What a plugin needs of the server comes through the interfaces of
// k8s.io/apiserver/pkg/admission/initializer: a plugin that embeds a handler and
// has, for example, the method SetExternalKubeInformerFactory gets the
// informers.
package admission

import (
	"io"

	"github.com/spf13/pflag"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// Names of the library that hooks need.
type (
	// Attributes is what is known of a request.
	Attributes = apiadmission.Attributes
	// Interface is an admission plugin as the library sees it.
	Interface = apiadmission.Interface
	// Operation is what a request does.
	Operation = apiadmission.Operation
)

// The operations.
const (
	Create  = apiadmission.Create
	Update  = apiadmission.Update
	Delete  = apiadmission.Delete
	Connect = apiadmission.Connect
)

// Plugin is an admission plugin of one server. It may hold the values of its
// flags, and so is made anew for every server.
type Plugin struct {
	// Name is kube-apiserver's name of it.
	Name string
	// Off is true for a plugin that runs only with --enable-admission-plugins.
	Off bool
	// AddFlags, if set, adds the flags that belong to this plugin alone.
	AddFlags func(*pflag.FlagSet)
	// New makes the plugin, after the flags are parsed. config is its part of
	// --admission-control-config-file; nil without one. An error ends the start.
	New func(config io.Reader) (Interface, error)
	// Register is set in place of New for a plugin of a library, which
	// registers itself under its name.
	Register func(*apiadmission.Plugins)
}

// AddTo makes the plugin known to the library.
func (p Plugin) AddTo(plugins *apiadmission.Plugins) {
	if p.Register != nil {
		p.Register(plugins)
		return
	}
	plugins.Register(p.Name, p.New)
}
