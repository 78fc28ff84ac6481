package networkpolicy

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

var specPath = field.NewPath("spec")

// options disable rules that the old policy violates.
type options struct {
	labels metav1validation.LabelSelectorValidationOptions
	// known are the ranges of the old policy, whose form is not checked again.
	known []string
}

func validate(_ context.Context, n *networkingv1.NetworkPolicy) field.ErrorList {
	return validateSpec(&n.Spec, options{})
}

func validateUpdate(_ context.Context, n, old *networkingv1.NetworkPolicy) field.ErrorList {
	opts := options{known: ranges(old)}
	opts.labels.AllowInvalidLabelValueInSelector = hasInvalidLabelValue(&old.Spec)
	return validateSpec(&n.Spec, opts)
}

func validateSpec(spec *networkingv1.NetworkPolicySpec, opts options) field.ErrorList {
	errs := metav1validation.ValidateLabelSelector(&spec.PodSelector, opts.labels, specPath.Child("podSelector"))
	for i, rule := range spec.Ingress {
		p := specPath.Child("ingress").Index(i)
		errs = append(errs, opts.validateRule(rule.Ports, p.Child("ports"), rule.From, p.Child("from"))...)
	}
	for i, rule := range spec.Egress {
		p := specPath.Child("egress").Index(i)
		errs = append(errs, opts.validateRule(rule.Ports, p.Child("ports"), rule.To, p.Child("to"))...)
	}
	p := specPath.Child("policyTypes")
	if len(spec.PolicyTypes) > 2 {
		return append(errs, field.Invalid(p, spec.PolicyTypes, "may not specify more than two policyTypes"))
	}
	for i, t := range spec.PolicyTypes {
		errs = append(errs, metavalidation.ValidateOneOf(t, p.Index(i), networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress)...)
	}
	return errs
}

func (o options) validateRule(ports []networkingv1.NetworkPolicyPort, portsPath *field.Path,
	peers []networkingv1.NetworkPolicyPeer, peersPath *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range ports {
		errs = append(errs, validatePort(&ports[i], portsPath.Index(i))...)
	}
	for i := range peers {
		errs = append(errs, o.validatePeer(&peers[i], peersPath.Index(i))...)
	}
	return errs
}

func validatePort(port *networkingv1.NetworkPolicyPort, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if port.Protocol != nil {
		switch *port.Protocol {
		case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
		default:
			errs = append(errs, field.NotSupported(p.Child("protocol"), *port.Protocol,
				[]corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}))
		}
	}
	at, end := p.Child("port"), p.Child("endPort")
	switch {
	case port.Port == nil:
		if port.EndPort != nil {
			errs = append(errs, field.Invalid(end, *port.EndPort, "may not be specified when `port` is not specified"))
		}
	case port.Port.Type == intstr.Int:
		for _, msg := range utilvalidation.IsValidPortNum(int(port.Port.IntVal)) {
			errs = append(errs, field.Invalid(at, port.Port.IntVal, msg))
		}
		errs = append(errs, validateEndPort(port.EndPort, port.Port.IntVal, end)...)
	default:
		if port.EndPort != nil {
			errs = append(errs, field.Invalid(end, *port.EndPort, "may not be specified when `port` is non-numeric"))
		}
		for _, msg := range utilvalidation.IsValidPortName(port.Port.StrVal) {
			errs = append(errs, field.Invalid(at, port.Port.StrVal, msg))
		}
	}
	return errs
}

// validateEndPort checks the last port of a range. The first error quotes the
// first port, as that of kube-apiserver does.
func validateEndPort(last *int32, first int32, p *field.Path) field.ErrorList {
	if last == nil {
		return nil
	}
	var errs field.ErrorList
	if *last < first {
		errs = append(errs, field.Invalid(p, first, "must be greater than or equal to `port`"))
	}
	for _, msg := range utilvalidation.IsValidPortNum(int(*last)) {
		errs = append(errs, field.Invalid(p, *last, msg))
	}
	return errs
}

func (o options) validatePeer(peer *networkingv1.NetworkPolicyPeer, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	selectors := 0
	for _, s := range []struct {
		name     string
		selector *metav1.LabelSelector
	}{{"podSelector", peer.PodSelector}, {"namespaceSelector", peer.NamespaceSelector}} {
		if s.selector != nil {
			selectors++
			errs = append(errs, metav1validation.ValidateLabelSelector(s.selector, o.labels, p.Child(s.name))...)
		}
	}
	if peer.IPBlock != nil {
		errs = append(errs, o.validateIPBlock(peer.IPBlock, p.Child("ipBlock"))...)
	}
	switch {
	case peer.IPBlock == nil && selectors == 0:
		errs = append(errs, field.Required(p, "must specify a peer"))
	case peer.IPBlock != nil && selectors > 0:
		errs = append(errs, field.Forbidden(p, "may not specify both ipBlock and another peer"))
	}
	return errs
}

func (o options) validateIPBlock(block *networkingv1.IPBlock, p *field.Path) field.ErrorList {
	if block.CIDR == "" {
		return field.ErrorList{field.Required(p.Child("cidr"), "")}
	}
	errs := utilvalidation.IsValidCIDRForLegacyField(p.Child("cidr"), block.CIDR, true, o.known)
	_, whole, err := netutils.ParseCIDRSloppy(block.CIDR)
	if err != nil {
		return errs
	}
	size, _ := whole.Mask.Size()
	for i, except := range block.Except {
		at := p.Child("except").Index(i)
		errs = append(errs, utilvalidation.IsValidCIDRForLegacyField(at, except, true, o.known)...)
		ip, part, err := netutils.ParseCIDRSloppy(except)
		if err != nil {
			continue
		}
		if partSize, _ := part.Mask.Size(); !whole.Contains(ip) || size >= partSize {
			errs = append(errs, field.Invalid(at, except, "must be a strict subset of `cidr`"))
		}
	}
	return errs
}

// blocks calls a function for each address range of a policy.
func blocks(n *networkingv1.NetworkPolicy, each func(*networkingv1.IPBlock, *field.Path)) {
	visit := func(peers []networkingv1.NetworkPolicyPeer, p *field.Path) {
		for i := range peers {
			if b := peers[i].IPBlock; b != nil {
				each(b, p.Index(i).Child("ipBlock"))
			}
		}
	}
	for i := range n.Spec.Ingress {
		visit(n.Spec.Ingress[i].From, specPath.Child("ingress").Index(i).Child("from"))
	}
	for i := range n.Spec.Egress {
		visit(n.Spec.Egress[i].To, specPath.Child("egress").Index(i).Child("to"))
	}
}

func ranges(n *networkingv1.NetworkPolicy) (all []string) {
	blocks(n, func(b *networkingv1.IPBlock, _ *field.Path) { all = append(append(all, b.CIDR), b.Except...) })
	return all
}

func warningsOnCreate(_ context.Context, n *networkingv1.NetworkPolicy) (texts []string) {
	blocks(n, func(b *networkingv1.IPBlock, p *field.Path) {
		texts = append(texts, utilvalidation.GetWarningsForCIDR(p.Child("cidr"), b.CIDR)...)
		for i, except := range b.Except {
			texts = append(texts, utilvalidation.GetWarningsForCIDR(p.Child("except").Index(i), except)...)
		}
	})
	return texts
}

func warningsOnUpdate(ctx context.Context, n, _ *networkingv1.NetworkPolicy) []string {
	return warningsOnCreate(ctx, n)
}

func hasInvalidLabelValue(spec *networkingv1.NetworkPolicySpec) bool {
	invalid := func(peers []networkingv1.NetworkPolicyPeer) bool {
		for _, p := range peers {
			if metav1validation.LabelSelectorHasInvalidLabelValue(p.PodSelector) || metav1validation.LabelSelectorHasInvalidLabelValue(p.NamespaceSelector) {
				return true
			}
		}
		return false
	}
	for _, rule := range spec.Ingress {
		if invalid(rule.From) {
			return true
		}
	}
	for _, rule := range spec.Egress {
		if invalid(rule.To) {
			return true
		}
	}
	return metav1validation.LabelSelectorHasInvalidLabelValue(ptr.To(spec.PodSelector))
}
