package policies

import (
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/meta"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/manifest/metrics"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	manifests "k8s.io/apiserver/pkg/admission/plugin/policy/manifest/source"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
)

// plugin is what the two plugins have in common.
type plugin[P, B object, E any] struct {
	*generic.Plugin[generic.PolicyHook[P, B, E]]
	kind kind[P, B, E]
	// changes counts the changes of policies and bindings.
	changes atomic.Uint64
	// drained is closed when the server has stopped to serve.
	drained <-chan struct{}
}

// newPlugin returns the plugin for some operations. manifestsDir is the directory of
// policies that are files, or empty. dispatch makes the part of k8s.io/apiserver that
// evaluates the policies.
func newPlugin[P, B object, E any](k kind[P, B, E], manifestsDir string,
	dispatch func(authorizer.UnconditionalAuthorizer, *matching.Matcher, kubernetes.Interface) generic.Dispatcher[generic.PolicyHook[P, B, E]],
	operations ...apiadmission.Operation) *plugin[P, B, E] {
	p := &plugin[P, B, E]{kind: k}
	p.Plugin = generic.NewPlugin(apiadmission.NewHandler(operations...), p.source, dispatch)
	p.SetStaticManifestsDir(manifestsDir)
	return p
}

// SetDrainedNotification implements initializer.WantsDrainedNotification.
func (p *plugin[P, B, E]) SetDrainedNotification(drained <-chan struct{}) {
	p.drained = drained
	p.Plugin.SetDrainedNotification(drained)
}

// source returns the policies that are stored.
func (p *plugin[P, B, E]) source(f informers.SharedInformerFactory, _ kubernetes.Interface, client dynamic.Interface,
	mapper meta.RESTMapper) generic.Source[generic.PolicyHook[P, B, E]] {
	s, err := newSource(p.kind, f, newParams(wait.ContextForChannel(p.drained), f, client, mapper), client, &p.changes)
	utilruntime.Must(err) // the factory has all resources of the version, and they have not ended yet
	return s
}

// setManifests sets where the policies come from that are files (KEP-5793). load
// reads the directory of the plugin's configuration, and check returns the mistake in
// a compiled policy: one with a mistake is not accepted.
func (p *plugin[P, B, E]) setManifests(kind metrics.ManifestType, load func(dir string) ([]P, []B, string, error), check func(E) error) {
	p.SetStaticSourceFactory(func(dir string) (generic.ReloadableSource[generic.PolicyHook[P, B, E]], error) {
		compile := func(policy P) (E, error) {
			evaluator := p.kind.compile(policy)
			return evaluator, check(evaluator)
		}
		files := manifests.NewStaticPolicySource(dir, p.GetAPIServerID(), compile, load, p.kind.policyName, kind)
		return files, files.LoadInitial()
	})
}
