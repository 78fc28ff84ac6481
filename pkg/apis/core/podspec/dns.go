package podspec

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// These are the limits of the DNS resolvers of nodes.
const (
	maxNameservers      = 3
	maxSearches         = 32
	maxSearchCharacters = 2048
	maxHostname         = 64
)

func (v *specValidator) validateDNSConfig(p *field.Path) field.ErrorList {
	config := v.spec.DNSConfig
	if v.spec.DNSPolicy == corev1.DNSNone {
		if config == nil {
			return field.ErrorList{field.Required(p, "must provide `dnsConfig` when `dnsPolicy` is None")}
		}
		if len(config.Nameservers) == 0 {
			return field.ErrorList{field.Required(p.Child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None")}
		}
	}
	if config == nil {
		return nil
	}
	errs := validateNameservers(config.Nameservers, v.opts.kept.ips, p.Child("nameservers"))
	errs = append(errs, validateSearches(config.Searches, p.Child("searches"))...)
	for i, o := range config.Options {
		if o.Name == "" {
			errs = append(errs, field.Required(p.Child("options").Index(i), "must not be empty"))
		}
	}
	return errs
}

func validateNameservers(servers, kept []string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(servers) > maxNameservers {
		errs = append(errs, field.Invalid(p, servers, fmt.Sprintf("must not have more than %d nameservers", maxNameservers)))
	}
	for i, ip := range servers {
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(p.Index(i), ip, true, kept)...)
	}
	return errs
}

func validateSearches(domains []string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(domains) > maxSearches {
		errs = append(errs, field.Invalid(p, domains, fmt.Sprintf("must not have more than %d search paths", maxSearches)))
	}
	if len(strings.Join(domains, " ")) > maxSearchCharacters {
		errs = append(errs,
			field.Invalid(p, domains, fmt.Sprintf("must not have more than %d characters (including spaces) in the search list", maxSearchCharacters)))
	}
	for i, domain := range domains {
		// A single dot is the root domain. All other names may end in a dot as
		// well.
		if domain == "." {
			continue
		}
		domain = strings.TrimSuffix(domain, ".")
		errs = append(errs, invalid(p.Index(i), domain, utilvalidation.IsDNS1123SubdomainWithUnderscore(domain))...)
	}
	return errs
}

func (v *specValidator) validateHostAliases(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, alias := range v.spec.HostAliases {
		at := p.Index(i)
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(at.Child("ip"), alias.IP, true, v.opts.kept.ips)...)
		for j, name := range alias.Hostnames {
			errs = append(errs, validation.ValidateDNS1123Subdomain(name, at.Child("hostnames").Index(j))...)
		}
	}
	return errs
}

// validateHostnameOverride checks hostnameOverride, the name that the pod uses
// instead of the one that follows from its other fields.
func (v *specValidator) validateHostnameOverride(p *field.Path) field.ErrorList {
	name := v.spec.HostnameOverride
	if name == nil {
		return nil
	}
	var errs field.ErrorList
	if fqdn := v.spec.SetHostnameAsFQDN; fqdn != nil && *fqdn {
		errs = append(errs, field.Forbidden(p, "may not be specified when setHostnameAsFQDN is true"))
	}
	if v.spec.HostNetwork {
		errs = append(errs, field.Forbidden(p, "may not be specified when hostNetwork is true"))
	}
	if len(*name) > maxHostname {
		errs = append(errs, field.TooLong(p, *name, maxHostname))
	}
	return append(errs, validation.ValidateDNS1123Subdomain(*name, p)...)
}
