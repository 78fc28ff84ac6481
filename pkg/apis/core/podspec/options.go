package podspec

import (
	"context"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
)

// Options adapt the rules to the configuration of the server and to the stored
// object. The zero value is for a new object on a server that allows privileged
// containers.
type Options struct {
	// ForbidPrivileged refuses privileged containers. It is set if the server
	// was started with --allow-privileged=false.
	ForbidPrivileged bool

	// kept tells which rules do not apply because the stored object already
	// violates them.
	kept flaws
}

type privilegedKey struct{}

// ForbidPrivileged returns a context that makes OptionsFrom set the option
// ForbidPrivileged. It is used for all requests if the server was started with
// --allow-privileged=false.
func ForbidPrivileged(ctx context.Context) context.Context {
	return context.WithValue(ctx, privilegedKey{}, true)
}

// OptionsFrom returns the options for a new object, given the context of a
// request.
func OptionsFrom(ctx context.Context) Options {
	return Options{ForbidPrivileged: ctx.Value(privilegedKey{}) != nil}
}

// flaws tells which rules the stored object violates. This is possible if it
// was created by an older server or with different feature gates. A field is
// true if the object contains what the comment says.
type flaws struct {
	volumes        volume.Options
	deletionCost   bool // an annotation with a deletion cost that is not a valid number
	hugePages      bool // an amount of huge pages that is not a multiple of the page size
	nodeAffinity   bool // an invalid label value in the required node affinity
	spreadSelector bool // an invalid label value in a topology spread constraint
	hostSysctls    bool // a sysctl of a namespace that the pod shares with the host
	userDevices    bool // block devices in a pod with its own user namespace
	comparisons    bool // tolerations with numeric comparison
	restartAll     bool // rules that restart all containers
	hostNetwork    bool // the network of the host in a pod with its own user namespace
	seLinuxPolicy  bool // a policy for changing the SELinux label of volumes
	ips            []string
}

// ForUpdate returns the options for updating an object with this metadata and
// pod spec. Rules that it violates already may remain violated.
func (o Options) ForUpdate(meta *metav1.ObjectMeta, spec *corev1.PodSpec) Options {
	o.kept = flaws{
		volumes:      volume.OptionsFor(spec.Volumes),
		deletionCost: !validDeletionCost(meta.Annotations),
		hugePages:    hasIndivisibleHugePages(spec),
		nodeAffinity: hasInvalidNodeAffinity(spec),
		spreadSelector: slices.ContainsFunc(spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			return metav1validation.LabelSelectorHasInvalidLabelValue(c.LabelSelector)
		}),
		hostSysctls:   len(validateHostSysctls(spec, nil)) > 0,
		userDevices:   !usesHostUsers(spec) && hasBlockDevices(spec),
		comparisons:   validation.ComparesTolerations(spec.Tolerations),
		restartAll:    restartsAll(spec),
		hostNetwork:   !usesHostUsers(spec) && spec.HostNetwork,
		seLinuxPolicy: spec.SecurityContext != nil && spec.SecurityContext.SELinuxChangePolicy != nil,
		ips:           addressesOf(spec),
	}
	return o
}

// validDeletionCost reports whether the annotation is missing or a 32 bit
// integer without plus sign and leading zeros.
func validDeletionCost(annotations map[string]string) bool {
	cost, ok := annotations[corev1.PodDeletionCost]
	if !ok {
		return true
	}
	if cost == "" || cost[0] == '+' || cost[0] == '0' && cost != "0" {
		return false
	}
	_, err := strconv.ParseInt(cost, 10, 32)
	return err == nil
}

func hasIndivisibleHugePages(spec *corev1.PodSpec) bool {
	for _, c := range containersOf(spec, nil) {
		for _, list := range []corev1.ResourceList{c.Resources.Limits, c.Resources.Requests} {
			for name, quantity := range list {
				if len(validation.ValidateHugePageQuantity(name, quantity, nil)) > 0 {
					return true
				}
			}
		}
	}
	return false
}

func hasInvalidNodeAffinity(spec *corev1.PodSpec) bool {
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil {
		return false
	}
	required := spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		return false
	}
	strict := validation.ValidateNodeSelector(required, false, nil)
	return len(strict) > len(validation.ValidateNodeSelector(required, true, nil))
}

func hasBlockDevices(spec *corev1.PodSpec) bool {
	for _, c := range containersOf(spec, nil) {
		if len(c.VolumeDevices) > 0 {
			return true
		}
	}
	return false
}

// addressesOf returns the IP addresses in a spec. Older servers accepted forms
// of addresses that are no longer valid in new objects.
func addressesOf(spec *corev1.PodSpec) []string {
	var ips []string
	if spec.DNSConfig != nil {
		ips = append(ips, spec.DNSConfig.Nameservers...)
	}
	for _, alias := range spec.HostAliases {
		ips = append(ips, alias.IP)
	}
	return ips
}
