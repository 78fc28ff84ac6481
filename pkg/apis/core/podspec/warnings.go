package podspec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// PodWarnings returns warnings about a new pod.
func PodWarnings(pod *corev1.Pod) []string {
	w := &warner{meta: &pod.ObjectMeta, spec: &pod.Spec}
	if msgs := utilvalidation.IsDNS1123Label(pod.Name); len(msgs) > 0 {
		w.warn(field.NewPath("metadata", "name"),
			"this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: %v", msgs)
	}
	w.all(nil)
	return w.warnings
}

// PodTemplateWarnings returns warnings about the pod template at the given
// path.
func PodTemplateWarnings(t *corev1.PodTemplateSpec, p *field.Path) []string {
	w := &warner{meta: &t.ObjectMeta, spec: &t.Spec}
	w.all(p)
	return w.warnings
}

// warner collects the warnings about one pod spec.
type warner struct {
	meta     *metav1.ObjectMeta
	spec     *corev1.PodSpec
	warnings []string
}

func (w *warner) warn(p *field.Path, format string, args ...any) {
	w.warnings = append(w.warnings, p.String()+": "+fmt.Sprintf(format, args...))
}

func (w *warner) all(p *field.Path) {
	spec := p.Child("spec")
	w.nodeLabels(spec)
	w.spread(spec.Child("topologySpreadConstraints"))
	w.annotations(p.Child("metadata", "annotations"))
	w.names(spec)
	w.volumes(spec.Child("volumes"))
	if s := w.spec.TerminationGracePeriodSeconds; s != nil && *s < 0 {
		w.warn(spec.Child("terminationGracePeriodSeconds"), "must be >= 0; negative values are invalid and will be treated as 1")
	}
	w.fractionalBytes(w.spec.Overhead, spec.Child("overhead"))
	for at, c := range containersOf(w.spec, spec) {
		w.container(c, p, at)
	}
	w.ports(spec)
	w.podAffinity(spec.Child("affinity"))
	w.addresses(spec)
}

// nodeLabels warns about deprecated names of node labels.
func (w *warner) nodeLabels(p *field.Path) {
	for _, key := range slices.Sorted(maps.Keys(w.spec.NodeSelector)) {
		w.nodeLabel(key, p.Child("nodeSelector").Key(key))
	}
	n := nodeAffinity(w.spec)
	if n == nil {
		return
	}
	p = p.Child("affinity", "nodeAffinity")
	term := func(t corev1.NodeSelectorTerm, at *field.Path) {
		for i, r := range t.MatchExpressions {
			w.nodeLabel(r.Key, at.Child("matchExpressions").Index(i).Child("key"))
		}
	}
	if required := n.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		for i, t := range required.NodeSelectorTerms {
			term(t, p.Child(requiredTerms, "nodeSelectorTerms").Index(i))
		}
	}
	for i, t := range n.PreferredDuringSchedulingIgnoredDuringExecution {
		term(t.Preference, p.Child(preferredTerms).Index(i).Child("preference"))
	}
}

func (w *warner) nodeLabel(key string, p *field.Path) {
	if why := validation.DeprecatedNodeLabel(key); why != "" {
		w.warn(p, "%s", why)
	}
}

func (w *warner) spread(p *field.Path) {
	for i, c := range w.spec.TopologySpreadConstraints {
		w.nodeLabel(c.TopologyKey, p.Index(i).Child("topologyKey"))
		w.selector(c.LabelSelector, p.Index(i))
	}
}

func (w *warner) selector(s *metav1.LabelSelector, p *field.Path) {
	if s == nil {
		w.warn(p.Child("labelSelector"), "a null labelSelector results in matching no pod")
	}
}

func (w *warner) podAffinity(p *field.Path) {
	a := w.spec.Affinity
	if a == nil {
		return
	}
	if pods := a.PodAffinity; pods != nil {
		w.terms(pods.RequiredDuringSchedulingIgnoredDuringExecution, pods.PreferredDuringSchedulingIgnoredDuringExecution, p.Child("podAffinity"))
	}
	if pods := a.PodAntiAffinity; pods != nil {
		w.terms(pods.RequiredDuringSchedulingIgnoredDuringExecution, pods.PreferredDuringSchedulingIgnoredDuringExecution, p.Child("podAntiAffinity"))
	}
}

func (w *warner) terms(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm, p *field.Path) {
	for i := range required {
		w.selector(required[i].LabelSelector, p.Child(requiredTerms).Index(i))
	}
	for i := range preferred {
		w.selector(preferred[i].PodAffinityTerm.LabelSelector, p.Child(preferredTerms).Index(i).Child("podAffinityTerm"))
	}
}

// annotations warns about annotations that fields have replaced.
func (w *warner) annotations(p *field.Path) {
	const criticalPod = "scheduler.alpha.kubernetes.io/critical-pod"
	if _, ok := w.meta.Annotations[criticalPod]; ok {
		w.warn(p.Key(criticalPod), `non-functional in v1.16+; use the "priorityClassName" field instead`)
	}
	if _, ok := w.meta.Annotations[corev1.SeccompPodAnnotationKey]; ok {
		w.warn(p.Key(corev1.SeccompPodAnnotationKey), noSeccompAnnotation)
	}
}

const noSeccompAnnotation = `non-functional in v1.27+; use the "seccompProfile" field instead`

// AppArmorDeprecated returns the warning about an AppArmor annotation of a
// container. The annotation still has an effect if the field is not set.
func AppArmorDeprecated(p *field.Path, container string) string {
	return p.Key(appArmorAnnotation+container).String() + `: deprecated since v1.30; use the "appArmorProfile" field instead`
}

// names warns about duplicate and empty names of image pull secrets, and about
// duplicate addresses of host aliases.
func (w *warner) names(p *field.Path) {
	seen := map[string]bool{}
	for i, s := range w.spec.ImagePullSecrets {
		at := p.Child("imagePullSecrets").Index(i).Child("name")
		if s.Name == "" {
			w.warn(at, "invalid empty name %q", s.Name)
		} else if seen[s.Name] {
			w.warn(at, "duplicate name %q", s.Name)
		}
		seen[s.Name] = true
	}
	clear(seen)
	for i, a := range w.spec.HostAliases {
		if seen[a.IP] {
			w.warn(p.Child("hostAliases").Index(i).Child("ip"), "duplicate ip %q", a.IP)
		}
		seen[a.IP] = true
	}
}

func (w *warner) container(c *corev1.Container, p, at *field.Path) {
	annotations := p.Child("metadata", "annotations")
	if _, ok := w.meta.Annotations[corev1.SeccompContainerAnnotationKeyPrefix+c.Name]; ok {
		w.warn(annotations.Key(corev1.SeccompContainerAnnotationKeyPrefix+c.Name), noSeccompAnnotation)
	}
	if LacksAppArmorField(w.meta.Annotations, c) {
		w.warnings = append(w.warnings, AppArmorDeprecated(annotations, c.Name))
	}
	w.fractionalBytes(c.Resources.Limits, at.Child("resources", "limits"))
	w.fractionalBytes(c.Resources.Requests, at.Child("resources", "requests"))
	w.env(c.Env, at.Child("env"))
}

// fractionalBytes warns about quantities of memory that are no whole numbers of
// bytes.
func (w *warner) fractionalBytes(list corev1.ResourceList, p *field.Path) {
	w.warnings = append(w.warnings, validation.FractionalBytes(list, p, corev1.ResourceMemory, corev1.ResourceEphemeralStorage)...)
}

// env warns about duplicate environment variables, unless the value of the
// second refers to the first.
func (w *warner) env(vars []corev1.EnvVar, p *field.Path) {
	seen := map[string]bool{}
	for i, v := range vars {
		reference := "$(" + v.Name + ")"
		if seen[v.Name] && (v.ValueFrom != nil || !strings.Contains(v.Value, reference)) {
			w.warn(p.Index(i), "hides previous definition of %q, which may be dropped when using apply", v.Name)
		}
		seen[v.Name] = true
	}
}

// addresses warns about IP addresses in forms that programs interpret
// differently.
func (w *warner) addresses(p *field.Path) {
	if w.spec.DNSConfig != nil {
		for i, ip := range w.spec.DNSConfig.Nameservers {
			w.warnings = append(w.warnings, utilvalidation.GetWarningsForIP(p.Child("dnsConfig", "nameservers").Index(i), ip)...)
		}
	}
	for i, a := range w.spec.HostAliases {
		w.warnings = append(w.warnings, utilvalidation.GetWarningsForIP(p.Child("hostAliases").Index(i).Child("ip"), a.IP)...)
	}
}
