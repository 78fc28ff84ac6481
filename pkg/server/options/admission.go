package options

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/admission"
	genericoptions "k8s.io/apiserver/pkg/server/options"

	ownadmission "github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// AdmissionOptions choose the admission plugins.
type AdmissionOptions struct {
	*genericoptions.AdmissionOptions
}

func newAdmissionOptions() *AdmissionOptions {
	o := &AdmissionOptions{genericoptions.NewAdmissionOptions()}
	o.Plugins, o.RecommendedPluginOrder, o.DefaultOffPlugins = admission.NewPlugins(), nil, sets.New[string]()
	for _, plugin := range ownadmission.Plugins() {
		plugin.Register(o.Plugins)
		o.RecommendedPluginOrder = append(o.RecommendedPluginOrder, plugin.Name)
		if plugin.Off {
			o.DefaultOffPlugins.Insert(plugin.Name)
		}
	}
	return o
}

// complete lets kube-apiserver's plugins be disabled that are not there yet:
// they are off already, and a command line that says so is right.
func (o *AdmissionOptions) complete() {
	o.DisablePlugins = slices.DeleteFunc(o.DisablePlugins, o.missing)
}

// Validate returns the mistakes in the flags.
func (o *AdmissionOptions) Validate() (errs []error) {
	for _, name := range o.EnablePlugins {
		if o.missing(name) {
			errs = append(errs, fmt.Errorf("--enable-admission-plugins: %s is a plugin of kube-apiserver that this release does not have yet", name))
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return o.AdmissionOptions.Validate()
}

func (o *AdmissionOptions) missing(name string) bool {
	return slices.Contains(ownadmission.Known(), name) && !slices.Contains(o.Plugins.Registered(), name)
}
