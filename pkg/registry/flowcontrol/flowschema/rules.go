package flowschema

import (
	"fmt"
	"slices"
	"strings"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const all = "*"

var verbs = []string{"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"}

func validateRule(rule *flowcontrolv1.PolicyRulesWithSubjects, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(rule.Subjects) == 0 {
		errs = append(errs, field.Required(path.Child("subjects"), "subjects must contain at least one value"))
	}
	for i := range rule.Subjects {
		errs = append(errs, validateSubject(&rule.Subjects[i], path.Child("subjects").Index(i))...)
	}
	if len(rule.ResourceRules) == 0 && len(rule.NonResourceRules) == 0 {
		errs = append(errs, field.Required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"))
	}
	for i := range rule.ResourceRules {
		errs = append(errs, validateResourceRule(&rule.ResourceRules[i], path.Child("resourceRules").Index(i))...)
	}
	for i := range rule.NonResourceRules {
		errs = append(errs, validateNonResourceRule(&rule.NonResourceRules[i], path.Child("nonResourceRules").Index(i))...)
	}
	return errs
}

// validateSubject checks that exactly the member that belongs to the kind of
// the subject is set.
func validateSubject(subject *flowcontrolv1.Subject, path *field.Path) field.ErrorList {
	members := []struct {
		kind  flowcontrolv1.SubjectKind
		name  string
		isSet bool
	}{
		{flowcontrolv1.SubjectKindServiceAccount, "serviceAccount", subject.ServiceAccount != nil},
		{flowcontrolv1.SubjectKindUser, "user", subject.User != nil},
		{flowcontrolv1.SubjectKindGroup, "group", subject.Group != nil},
	}
	var errs, extra field.ErrorList
	known := false
	for _, m := range members {
		at := path.Child(m.name)
		switch {
		case m.kind != subject.Kind && m.isSet:
			extra = append(extra, field.Forbidden(at, fmt.Sprintf("%s is forbidden when subject kind is not '%s'", m.name, m.kind)))
		case m.kind == subject.Kind && !m.isSet:
			errs = append(errs, field.Required(at, fmt.Sprintf("%s is required when subject kind is '%s'", m.name, m.kind)))
		case m.kind == subject.Kind:
			errs = append(errs, validateMember(subject, at)...)
		}
		known = known || m.kind == subject.Kind
	}
	if !known {
		kinds := []flowcontrolv1.SubjectKind{flowcontrolv1.SubjectKindGroup, flowcontrolv1.SubjectKindServiceAccount, flowcontrolv1.SubjectKindUser}
		return field.ErrorList{field.NotSupported(path.Child("kind"), subject.Kind, kinds)}
	}
	return append(errs, extra...)
}

// validateMember checks the member that belongs to the kind of the subject.
func validateMember(subject *flowcontrolv1.Subject, path *field.Path) field.ErrorList {
	switch subject.Kind {
	case flowcontrolv1.SubjectKindUser:
		return requireName(subject.User.Name, path)
	case flowcontrolv1.SubjectKindGroup:
		return requireName(subject.Group.Name, path)
	}
	var errs field.ErrorList
	account := subject.ServiceAccount
	switch account.Name {
	case "":
		errs = append(errs, requireName(account.Name, path)...)
	case flowcontrolv1.NameAll:
	default:
		errs = append(errs, validateName(account.Name, apivalidation.ValidateServiceAccountName, path.Child("name"))...)
	}
	if account.Namespace == "" {
		return append(errs, field.Required(path.Child("namespace"), "must specify namespace for service account"))
	}
	return append(errs, validateName(account.Namespace, apivalidation.ValidateNamespaceName, path.Child("namespace"))...)
}

func requireName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(path.Child("name"), "")}
	}
	return nil
}

func validateResourceRule(rule *flowcontrolv1.ResourcePolicyRule, path *field.Path) field.ErrorList {
	errs := validateVerbs(rule.Verbs, path.Child("verbs"))
	errs = append(errs, validateMatches(rule.APIGroups, path.Child("apiGroups"), "api groups", "resource rules must supply at least one api group")...)
	errs = append(errs, validateMatches(rule.Resources, path.Child("resources"), "resources", "resource rules must supply at least one resource")...)
	namespaces := path.Child("namespaces")
	if len(rule.Namespaces) == 0 && rule.ClusterScope {
		return errs
	}
	if bad := validateMatches(rule.Namespaces, namespaces, "namespaces",
		"resource rules that are not cluster scoped must supply at least one namespace"); len(bad) > 0 {
		return append(errs, bad...)
	}
	for i, namespace := range rule.Namespaces {
		if namespace == flowcontrolv1.NamespaceEvery {
			continue
		}
		for _, message := range apivalidation.ValidateNamespaceName(namespace, false) {
			errs = append(errs, field.Invalid(namespaces.Index(i), namespace, "each member of this list must be '*' or a DNS-1123 label; "+message))
		}
	}
	return errs
}

func validateNonResourceRule(rule *flowcontrolv1.NonResourcePolicyRule, path *field.Path) field.ErrorList {
	errs := validateVerbs(rule.Verbs, path.Child("verbs"))
	urls := path.Child("nonResourceURLs")
	errs = append(errs, validateMatches(rule.NonResourceURLs, urls, "non-resource URLs", "nonResourceURLs must contain at least one value")...)
	if slices.Contains(rule.NonResourceURLs, all) {
		return errs
	}
	for i, url := range rule.NonResourceURLs {
		if message := invalidURL(url); message != "" {
			errs = append(errs, field.Invalid(urls.Index(i), url, message))
		}
	}
	return errs
}

func validateVerbs(list []string, path *field.Path) field.ErrorList {
	if errs := validateMatches(list, path, "verbs", "verbs must contain at least one value"); len(errs) > 0 || slices.Contains(list, all) {
		return errs
	}
	for _, verb := range list {
		if !slices.Contains(verbs, verb) {
			return field.ErrorList{field.NotSupported(path, list, verbs)}
		}
	}
	return nil
}

// validateMatches checks that a list is not empty, and that '*' is its only
// element if it contains '*'.
func validateMatches(list []string, path *field.Path, what, required string) field.ErrorList {
	switch {
	case len(list) == 0:
		return field.ErrorList{field.Required(path, required)}
	case len(list) > 1 && slices.Contains(list, all):
		return field.ErrorList{field.Invalid(path, list, "if '*' is present, must not specify other "+what)}
	}
	return nil
}

// invalidURL returns the reason why a URL path is invalid, or an empty string.
func invalidURL(path string) string {
	wildcards := strings.Count(path, "*")
	switch {
	case path == "":
		return "must not be empty"
	case path == "/":
		return ""
	case !strings.HasPrefix(path, "/"):
		return "must start with slash"
	case strings.Contains(path, " "):
		return "must not contain white-space"
	case strings.Contains(path, "//"):
		return "must not contain double slash"
	case wildcards > 1 || wildcards == 1 && !strings.HasSuffix(path, "/*"):
		return "wildcard can only do suffix matching"
	}
	return ""
}
