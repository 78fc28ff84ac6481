package ingress

import (
	"context"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// classAnnotation was before the field spec.ingressClassName.
const classAnnotation = "kubernetes.io/ingress.class"

var specPath = field.NewPath("spec")

// options disable rules that the old ingress violates: servers before 1.22 did
// not have them.
type options struct {
	anySecretName, anyWildcardHost bool
}

func optionsFor(old *networkingv1.Ingress) (o options) {
	for _, tls := range old.Spec.TLS {
		o.anySecretName = o.anySecretName || tls.SecretName != "" && len(apivalidation.NameIsDNSSubdomain(tls.SecretName, false)) > 0
	}
	for _, rule := range old.Spec.Rules {
		o.anyWildcardHost = o.anyWildcardHost || strings.Contains(rule.Host, "*") && len(utilvalidation.IsWildcardDNS1123Subdomain(rule.Host)) > 0
	}
	return o
}

// validate also refuses a new ingress that names two classes.
func validate(_ context.Context, i *networkingv1.Ingress) field.ErrorList {
	var errs field.ErrorList
	annotation, annotated := i.Annotations[classAnnotation]
	if class := i.Spec.IngressClassName; annotated && class != nil && annotation != *class {
		errs = append(errs, field.Invalid(field.NewPath("annotations").Child(classAnnotation), annotation,
			"must match `ingressClassName` when both are specified"))
	}
	return append(errs, validateSpec(&i.Spec, options{})...)
}

func validateUpdate(_ context.Context, i, old *networkingv1.Ingress) field.ErrorList {
	return validateSpec(&i.Spec, optionsFor(old))
}

func validateSpec(spec *networkingv1.IngressSpec, opts options) field.ErrorList {
	var errs field.ErrorList
	if len(spec.Rules) == 0 && spec.DefaultBackend == nil {
		errs = append(errs, field.Invalid(specPath, spec.Rules, "either `defaultBackend` or `rules` must be specified"))
	}
	if spec.DefaultBackend != nil {
		errs = append(errs, validateBackend(spec.DefaultBackend, specPath.Child("defaultBackend"))...)
	}
	for i := range spec.Rules {
		errs = append(errs, validateRule(&spec.Rules[i], opts, specPath.Child("rules").Index(i))...)
	}
	for i := range spec.TLS {
		errs = append(errs, validateTLS(&spec.TLS[i], opts, specPath.Child("tls").Index(i))...)
	}
	if spec.IngressClassName != nil {
		errs = append(errs, validation.ValidateDNS1123Subdomain(*spec.IngressClassName, specPath.Child("ingressClassName"))...)
	}
	return errs
}

func validateTLS(tls *networkingv1.IngressTLS, opts options, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, host := range tls.Hosts {
		errs = append(errs, validateHost(host, p.Child("hosts").Index(i))...)
	}
	if tls.SecretName != "" && !opts.anySecretName {
		errs = append(errs, validation.ValidateDNS1123Subdomain(tls.SecretName, p.Child("secretName"))...)
	}
	return errs
}

// validateHost checks a DNS name, of which the first label may be a wildcard.
func validateHost(host string, p *field.Path) field.ErrorList {
	if !strings.Contains(host, "*") {
		return validation.ValidateDNS1123Subdomain(host, p)
	}
	var errs field.ErrorList
	for _, msg := range utilvalidation.IsWildcardDNS1123Subdomain(host) {
		errs = append(errs, field.Invalid(p, host, msg))
	}
	return errs
}

func validateRule(rule *networkingv1.IngressRule, opts options, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if host := p.Child("host"); rule.Host != "" {
		if netutils.ParseIPSloppy(rule.Host) != nil {
			errs = append(errs, field.Invalid(host, rule.Host, "must be a DNS name, not an IP address"))
		}
		if !opts.anyWildcardHost || !strings.Contains(rule.Host, "*") {
			errs = append(errs, validateHost(rule.Host, host)...)
		}
	}
	if rule.HTTP == nil {
		return errs
	}
	paths := p.Child("http", "paths")
	if len(rule.HTTP.Paths) == 0 {
		errs = append(errs, field.Required(paths, ""))
	}
	for i := range rule.HTTP.Paths {
		errs = append(errs, validatePath(&rule.HTTP.Paths[i], paths.Index(i))...)
	}
	return errs
}

func warningsOnCreate(_ context.Context, i *networkingv1.Ingress) []string {
	if _, ok := i.Annotations[classAnnotation]; !ok {
		return nil
	}
	return []string{`annotation "` + classAnnotation + `" is deprecated, please use 'spec.ingressClassName' instead`}
}
