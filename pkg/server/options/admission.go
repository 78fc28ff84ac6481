package options

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	apiadmission "k8s.io/apiserver/pkg/admission"
	genericoptions "k8s.io/apiserver/pkg/server/options"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission/plugins"
)

// AdmissionOptions selects the admission plugins.
type AdmissionOptions struct {
	*genericoptions.AdmissionOptions
	// Only, if not nil, lists all plugins that run. It is the value of the
	// deprecated flag --admission-control; the empty value means none.
	Only []string
	// both is true if the flags that Only replaces were given as well.
	both bool

	plugins []admission.Plugin
}

func newAdmissionOptions() *AdmissionOptions {
	o := &AdmissionOptions{AdmissionOptions: genericoptions.NewAdmissionOptions(), plugins: plugins.All()}
	o.Plugins, o.RecommendedPluginOrder, o.DefaultOffPlugins = apiadmission.NewPlugins(), nil, sets.New[string]()
	for _, plugin := range o.plugins {
		plugin.AddTo(o.Plugins)
		o.RecommendedPluginOrder = append(o.RecommendedPluginOrder, plugin.Name)
		if plugin.Off {
			o.DefaultOffPlugins.Insert(plugin.Name)
		}
	}
	return o
}

// AddFlags adds kube-apiserver's admission flags, including those of individual
// plugins.
func (o *AdmissionOptions) AddFlags(fs *pflag.FlagSet) {
	o.AdmissionOptions.AddFlags(fs)
	for _, plugin := range o.plugins {
		if plugin.AddFlags != nil {
			plugin.AddFlags(fs)
		}
	}
	fs.StringSliceVar(&o.Only, "admission-control", o.Only, "The only admission plugins to run, in place of the default ones.")
	markDeprecated(fs, "admission-control", "Use --enable-admission-plugins or --disable-admission-plugins instead. Will be removed in a future version.")
}

// Validate returns an error for each invalid flag. It must be called after complete.
func (o *AdmissionOptions) Validate() (errs []error) {
	if o.Only == nil {
		return o.AdmissionOptions.Validate()
	}
	if o.both {
		errs = append(errs, errors.New("admission-control and enable-admission-plugins/disable-admission-plugins flags are mutually exclusive"))
	}
	for _, name := range o.Only {
		if !slices.Contains(o.Plugins.Registered(), name) {
			errs = append(errs, fmt.Errorf("admission-control plugin %q is unknown", name))
		}
	}
	return errs
}

// complete applies --admission-control.
func (o *AdmissionOptions) complete() {
	if o.Only == nil {
		return
	}
	o.both = len(o.EnablePlugins) > 0 || len(o.DisablePlugins) > 0
	o.EnablePlugins = o.Only
	o.DisablePlugins = slices.DeleteFunc(o.Plugins.Registered(), func(name string) bool { return slices.Contains(o.Only, name) })
}

// Enabled returns the plugins that run, in their order.
func (o *AdmissionOptions) Enabled() (enabled []admission.Plugin) {
	for _, plugin := range o.plugins {
		if slices.Contains(o.EnablePlugins, plugin.Name) || !plugin.Off && !slices.Contains(o.DisablePlugins, plugin.Name) {
			enabled = append(enabled, plugin)
		}
	}
	return enabled
}
