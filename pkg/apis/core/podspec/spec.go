package podspec

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// specValidator validates one pod spec. It contains what several parts of the
// validation need.
type specValidator struct {
	spec    *corev1.PodSpec
	meta    *metav1.ObjectMeta
	opts    Options
	volumes map[string]corev1.VolumeSource // by name
	claims  sets.Set[string]
}

// ValidatePodSpec checks a pod spec. meta is the metadata of the pod. It is nil
// for a pod template, because the names of its pods are not known yet.
func ValidatePodSpec(spec *corev1.PodSpec, meta *metav1.ObjectMeta, opts Options, p *field.Path) field.ErrorList {
	v := &specValidator{spec: spec, meta: meta, opts: opts, claims: sets.Set[string]{}}
	var errs field.ErrorList
	v.volumes, errs = volume.ValidateVolumes(spec.Volumes, meta, opts.kept.volumes, p.Child("volumes"))
	for _, part := range []func(*field.Path) field.ErrorList{v.validateParts, v.validateNode, v.validateScheduling, v.validateIdentity} {
		errs = append(errs, part(p)...)
	}
	return errs
}

// validateParts checks the containers and the volumes, which they share.
func (v *specValidator) validateParts(p *field.Path) field.ErrorList {
	errs := v.validateClaims(p.Child("resourceClaims"))
	errs = append(errs, v.validateContainers(p.Child("containers"))...)
	errs = append(errs, v.validateInitContainers(p.Child("initContainers"))...)
	errs = append(errs, v.validateEphemeralContainers(p.Child("ephemeralContainers"))...)
	errs = append(errs, v.validatePodResources(p)...)
	return append(errs, validateHostNetworkPorts(v.spec, p.Child("containers"))...)
}

// validateNode checks the fields that determine how the pod runs on its node.
func (v *specValidator) validateNode(p *field.Path) field.ErrorList {
	errs := metavalidation.ValidateRequiredOneOf(v.spec.RestartPolicy, p.Child("restartPolicy"),
		corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)
	errs = append(errs, metavalidation.ValidateRequiredOneOf(v.spec.DNSPolicy, p.Child("dnsPolicy"),
		corev1.DNSClusterFirstWithHostNet, corev1.DNSClusterFirst, corev1.DNSDefault, corev1.DNSNone)...)
	errs = append(errs, metav1validation.ValidateLabels(v.spec.NodeSelector, p.Child("nodeSelector"))...)
	errs = append(errs, v.validatePodSecurity(p.Child("securityContext"))...)
	errs = append(errs, v.validateAffinity(p.Child("affinity"))...)
	errs = append(errs, v.validateDNSConfig(p.Child("dnsConfig"))...)
	for i, gate := range v.spec.ReadinessGates {
		errs = append(errs, validation.ValidateQualifiedName(string(gate.ConditionType), p.Child("readinessGates").Index(i).Child("conditionType"))...)
	}
	errs = append(errs, validateSchedulingGates(v.spec.SchedulingGates, p.Child("schedulingGates"))...)
	errs = append(errs, v.validateSpread(p.Child("topologySpreadConstraints"))...)
	errs = append(errs, v.validateHostProcess(p)...)
	errs = append(errs, v.validateHostUsers(p)...)
	return append(errs, v.validateHostnameOverride(p.Child("hostnameOverride"))...)
}

func validateSchedulingGates(gates []corev1.PodSchedulingGate, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.Set[string]{}
	for i, gate := range gates {
		errs = append(errs, validation.ValidateQualifiedName(gate.Name, p.Index(i))...)
		if seen.Has(gate.Name) {
			errs = append(errs, field.Duplicate(p.Index(i), gate.Name))
		}
		seen.Insert(gate.Name)
	}
	return errs
}

// validateScheduling checks the service account, the node, the deadline, the host
// names and the tolerations of the pod.
func (v *specValidator) validateScheduling(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	spec := v.spec
	if name := spec.ServiceAccountName; name != "" {
		errs = append(errs, invalid(p.Child("serviceAccountName"), name, apivalidation.ValidateServiceAccountName(name, false))...)
	} else {
		errs = append(errs, volume.ForbidServiceAccountTokens(spec.Volumes, p.Child("volumes"))...)
	}
	if name := spec.NodeName; name != "" {
		errs = append(errs, invalid(p.Child("nodeName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	if s := spec.ActiveDeadlineSeconds; s != nil && (*s < 1 || *s > math.MaxInt32) {
		errs = append(errs, field.Invalid(p.Child("activeDeadlineSeconds"), *s, utilvalidation.InclusiveRangeError(1, math.MaxInt32)))
	}
	if spec.Hostname != "" {
		errs = append(errs, validation.ValidateDNS1123Label(spec.Hostname, p.Child("hostname"))...)
	}
	if spec.Subdomain != "" {
		errs = append(errs, validation.ValidateDNS1123Label(spec.Subdomain, p.Child("subdomain"))...)
	}
	compare := v.opts.kept.comparisons || features.Enabled(features.TaintTolerationComparisonOperators)
	errs = append(errs, validation.ValidateTolerations(spec.Tolerations, compare, p.Child("tolerations"))...)
	return append(errs, v.validateHostAliases(p.Child("hostAliases"))...)
}

// validateIdentity checks the priority and runtime class, the preemption policy,
// the overhead, the operating system and the environment files of the pod.
func (v *specValidator) validateIdentity(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	spec := v.spec
	if name := spec.PriorityClassName; name != "" {
		errs = append(errs, invalid(p.Child("priorityClassName"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	if name := spec.RuntimeClassName; name != nil {
		errs = append(errs, invalid(p.Child("runtimeClassName"), *name, apivalidation.NameIsDNSSubdomain(*name, false))...)
	}
	if spec.PreemptionPolicy != nil {
		errs = append(errs,
			metavalidation.ValidateRequiredOneOf(*spec.PreemptionPolicy, p.Child("preemptionPolicy"), corev1.PreemptLowerPriority, corev1.PreemptNever)...)
	}
	if spec.Overhead != nil {
		errs = append(errs, ValidateOverhead(spec.Overhead, v.opts, p.Child("overhead"))...)
	}
	errs = append(errs, v.validateOS(p)...)
	return append(errs, v.validateEnvFileVolumes(p)...)
}

// validateClaims checks the resource claims of the pod, and stores their names
// for the validation of the containers.
func (v *specValidator) validateClaims(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range v.spec.ResourceClaims {
		c, at := &v.spec.ResourceClaims[i], p.Index(i)
		switch {
		case c.Name == "":
			errs = append(errs, field.Required(at.Child("name"), ""))
		case v.claims.Has(c.Name):
			errs = append(errs, field.Duplicate(at.Child("name"), c.Name))
		default:
			errs = append(errs, validation.ValidateDNS1123Label(c.Name, at.Child("name"))...)
			v.claims.Insert(c.Name)
		}
		errs = append(errs, validateClaimSource(c, at)...)
	}
	return errs
}

func validateClaimSource(c *corev1.PodResourceClaim, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case c.ResourceClaimName != nil && c.ResourceClaimTemplateName != nil:
		errs = append(errs, field.Invalid(p, goform.Of(c), "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"))
	case c.ResourceClaimName == nil && c.ResourceClaimTemplateName == nil:
		errs = append(errs, field.Invalid(p, goform.Of(c), "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"))
	}
	if name := c.ResourceClaimName; name != nil {
		errs = append(errs, invalid(p.Child("resourceClaimName"), *name, apivalidation.NameIsDNSSubdomain(*name, false))...)
	}
	if name := c.ResourceClaimTemplateName; name != nil {
		errs = append(errs, invalid(p.Child("resourceClaimTemplateName"), *name, apivalidation.NameIsDNSSubdomain(*name, false))...)
	}
	return errs
}
