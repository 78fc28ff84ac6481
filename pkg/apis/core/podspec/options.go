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

// Options adapt the rules to the server and to the object that is stored. The
// zero value is right for a new object in a server that allows privileged
// containers.
type Options struct {
	// ForbidPrivileged refuses privileged containers, as a server does that
	// runs without --allow-privileged.
	ForbidPrivileged bool

	// kept are the flaws that the stored object has already and may keep.
	kept flaws
}

type privilegedKey struct{}

// ForbidPrivileged returns a context for the requests of a server that runs
// with --allow-privileged=false.
func ForbidPrivileged(ctx context.Context) context.Context {
	return context.WithValue(ctx, privilegedKey{}, true)
}

// OptionsFrom returns the options for a new object in a request's context.
func OptionsFrom(ctx context.Context) Options {
	return Options{ForbidPrivileged: ctx.Value(privilegedKey{}) != nil}
}

// flaws are what older servers accepted, or servers with other feature gates.
type flaws struct {
	volumes        volume.Options
	deletionCost   bool // an annotation with a cost of deletion that is no number
	hugePages      bool // huge pages that are no multiple of the page size
	nodeAffinity   bool // values that are no labels in a required node affinity
	spreadSelector bool // values that are no labels in a spread constraint
	hostSysctls    bool // sysctls of a namespace that is shared with the host
	userDevices    bool // block devices in a user namespace of its own
	comparisons    bool // tolerations that compare numbers
	restartAll     bool // rules that restart all containers
	hostNetwork    bool // the network of the host in a user namespace of its own
	ips            []string
}

// ForUpdate returns the options for changing an object that holds a pod with
// this metadata and spec: what it has already may stay.
func (o Options) ForUpdate(meta *metav1.ObjectMeta, spec *corev1.PodSpec) Options {
	o.kept = flaws{
		volumes:      volume.OptionsFor(spec.Volumes),
		deletionCost: !validDeletionCost(meta.Annotations),
		hugePages:    hasIndivisibleHugePages(spec),
		nodeAffinity: hasInvalidNodeAffinity(spec),
		spreadSelector: slices.ContainsFunc(spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
			return metav1validation.LabelSelectorHasInvalidLabelValue(c.LabelSelector)
		}),
		hostSysctls: len(validateHostSysctls(spec, nil)) > 0,
		userDevices: !usesHostUsers(spec) && hasBlockDevices(spec),
		comparisons: validation.ComparesTolerations(spec.Tolerations),
		restartAll:  restartsAll(spec),
		hostNetwork: !usesHostUsers(spec) && spec.HostNetwork,
		ips:         addressesOf(spec),
	}
	return o
}

// validDeletionCost accepts the shortest spelling of a number of 32 bits, and
// no plus sign.
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

// addressesOf returns the addresses in a spec, which may be spelled as only
// older servers accepted.
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
