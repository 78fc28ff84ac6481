package options

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/resourceconfig"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/install"
)

// TestRuntimeConfig compares what --runtime-config accepts with what
// kube-apiserver does. It crashes where the last error is expected here.
func TestRuntimeConfig(t *testing.T) {
	const needed = "--runtime-config: the server cannot run without v1, the core API, and its namespaces"
	pods, deployments := "v1/pods", "apps/v1/deployments"
	for _, test := range []struct {
		value   string
		off     []string // of pods and deployments
		missing []string
		err     string
	}{
		{value: ""},
		{value: "v1"},
		{value: "v1=true"},
		{value: "api/v1"},
		{value: "api/v1=true"},
		{value: "api/v1="},
		{value: "/v1=true"},
		{value: "v1 =true"},
		{value: "v1/configmaps=true"},
		{value: "v1/pods=false", off: []string{pods}},     // kube-apiserver crashes
		{value: "api/v1/pods=false", off: []string{pods}}, // kube-apiserver crashes
		{value: "v1/v1=true"},
		{value: "api/legacy=true"},
		{value: "api/legacy=false"},
		{value: "api/legacy"},
		{value: "api/legacy=nonsense"},
		{value: "apps/v1="},
		{value: "apps/v1=TRUE"},
		{value: "apps/v1=false", off: []string{deployments}},
		{value: "apps/v1=0", off: []string{deployments}},
		{value: "apps/v1/deployments=false", off: []string{deployments}},
		{value: "apps/v1/nonsense=false"},
		{value: "api/beta=true"},
		{value: "api/alpha=true"},
		{value: "api/all=true"},
		{value: "rbac.authorization.k8s.io/v1=false"},
		{value: "extensions/v1beta1=true", missing: []string{"extensions/v1beta1"}},
		{value: "extensions/v1beta1=false"},
		{value: "extensions/v1beta1/deployments=true"},
		{value: "apps/v1beta1=true", missing: []string{"apps/v1beta1"}},
		{value: "apps/v1beta1/deployments=true"},
		{value: "policy/v1beta1=true", missing: []string{"policy/v1beta1"}},
		{value: "apps/v1beta2=true,apps/v1beta1=true", missing: []string{"apps/v1beta1", "apps/v1beta2"}},
		{value: "apiextensions.k8s.io/v1beta1=true", missing: []string{"apiextensions.k8s.io/v1beta1"}},
		{value: "apiregistration.k8s.io/v1beta1=true", missing: []string{"apiregistration.k8s.io/v1beta1"}},

		{value: "apps/v9=true", err: "group version apps/v9 that has not been registered"},
		{value: "extensions/v9=true", err: "group version extensions/v9 that has not been registered"},
		{value: "batch/v2alpha1=true", err: "group version batch/v2alpha1 that has not been registered"},
		{value: "apps/=true", err: "group version apps/ that has not been registered"},
		{value: "//v1=true", err: "group version  that has not been registered"},
		{value: "nonsense/v1=true", err: "unknown api groups nonsense/v1"},
		{value: "nonsense/v1=false", err: "unknown api groups nonsense/v1"},
		{value: "api/v2=true", err: "unknown api groups api/v2"},
		{value: "api/nonsense=true", err: "unknown api groups api/nonsense"},
		{value: "nonsense", err: "runtime-config invalid key nonsense"},
		{value: "extensions=true", err: "runtime-config invalid key extensions"},
		{value: "v2=true", err: "runtime-config invalid key v2"},
		{value: "v1beta3=true", err: "runtime-config invalid key v1beta3"},
		{value: "api=true", err: "runtime-config invalid key api"},
		{value: "apps/v1/deployments/status=false", err: "runtime-config invalid key apps/v1/deployments/status"},
		{value: "v1=maybe", err: `invalid value of /v1: maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax`},
		{value: "apps/v1=maybe", err: `invalid value of apps/v1: maybe, err: strconv.ParseBool: parsing "maybe": invalid syntax`},
		{value: "apps/v1/Deployments=false",
			err: `invalid key apps/v1/Deployments: group/version/resource and resource is always lowercase plural, not "Deployments"`},
		{value: "api/all=maybe", err: "invalid value api/all=maybe"},
		{value: "api/all=", err: "invalid value api/all="},
		{value: "api/all=false", err: "--runtime-config=api/all=false conflicts with --enable-priority-and-fairness=true"},
		{value: "api/all=false", err: "invalid runtime-config with only api/all=false"},
		{value: "api/all=false,v1=true", err: "--runtime-config=api/all=false conflicts with --enable-priority-and-fairness=true"},
		{value: "api/ga=false,v1", err: "--runtime-config=api/ga=false conflicts with --enable-priority-and-fairness=true"},
		{value: "flowcontrol.apiserver.k8s.io/v1=false",
			err: "--runtime-config=flowcontrol.apiserver.k8s.io/v1=false conflicts with --enable-priority-and-fairness=true"},

		{value: "api/ga=false", err: needed},
		{value: "v1=false", err: needed},
		{value: "api/v1=false", err: needed},
		{value: "v1/namespaces=false", err: needed},
		{value: "v1=true,v1=false", err: needed},
		// kube-apiserver takes one of the two at random.
		{value: "api/v1=true,v1=false", err: `--runtime-config: v1 is named twice, with the values "false" and "true"`},
	} {
		t.Run(test.value, func(t *testing.T) {
			enabled, err := runtimeConfig(test.value)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for name, gvr := range map[string]schema.GroupVersionResource{
				pods: {Version: "v1", Resource: "pods"}, deployments: {Group: "apps", Version: "v1", Resource: "deployments"},
			} {
				if off := slices.Contains(test.off, name); enabled.Serves(gvr) == off {
					t.Errorf("%s: served %v", name, !off)
				}
			}
			if got := enabled.Missing(); !slices.Equal(got, test.missing) {
				t.Errorf("missing: %v, want %v", got, test.missing)
			}
		})
	}
}

// runtimeConfig reads a value as the server does.
func runtimeConfig(value string) (install.Enabled, error) {
	o := New()
	if value != "" {
		if err := o.APIEnablement.RuntimeConfig.Set(value); err != nil {
			return install.Enabled{}, err
		}
	}
	completed, err := o.Complete()
	if err == nil {
		err = completed.Validate()
	}
	if err != nil {
		return install.Enabled{}, err
	}
	all := groups.All(groups.Needs{})
	config, err := resourceconfig.MergeAPIResourceConfigs(install.ResourceConfig(all), o.APIEnablement.RuntimeConfig, GroupVersions())
	if err != nil {
		return install.Enabled{}, err
	}
	lifecycle, err := genericapiserver.NewResourceExpirationEvaluator(version.MajorMinor(1, 37))
	if err != nil {
		return install.Enabled{}, err
	}
	return install.NewEnabled(all, config, lifecycle)
}

func TestDataDirBelowCertDir(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, ".gatehouse"},
		{[]string{"--cert-dir=/tmp/certs"}, "/tmp/certs/.gatehouse"},
		{[]string{"--cert-dir=/tmp/certs", "--data-dir=/tmp/data"}, "/tmp/data"},
		{[]string{"--cert-dir=/tmp/certs", "--data-dir=.gatehouse"}, ".gatehouse"},
		{[]string{"--data-dir=/tmp/data"}, "/tmp/data"},
	} {
		o := New()
		sections := o.Flags()
		all := sections.FlagSet("all")
		for _, section := range sections.FlagSets {
			all.AddFlagSet(section)
		}
		if err := all.Parse(test.args); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Complete(); err != nil {
			t.Fatal(err)
		}
		if o.Data.Dir != test.want {
			t.Errorf("%q: %s, want %s", test.args, o.Data.Dir, test.want)
		}
	}
}
