package validation

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
)

// Webhook is what validating and mutating webhooks have in common.
type Webhook struct {
	*admissionregistrationv1.ValidatingWebhook
	// ReinvocationPolicy is nil for a validating webhook.
	ReinvocationPolicy *admissionregistrationv1.ReinvocationPolicyType
}

// ValidateWebhooks checks the webhooks of a configuration, and their match
// conditions as Expressions does.
func ValidateWebhooks(webhooks []Webhook, e *Expressions, path *field.Path) (errs field.ErrorList) {
	names := sets.Set[string]{}
	for i, w := range webhooks {
		errs = append(errs, validateWebhook(w, e, path.Index(i))...)
		if w.Name == "" {
			continue
		}
		if names.Has(w.Name) {
			errs = append(errs, field.Duplicate(path.Index(i).Child("name"), w.Name))
		}
		names.Insert(w.Name)
	}
	return errs
}

// WebhookExpressions returns the expressions of all match conditions.
func WebhookExpressions(webhooks []Webhook) (expressions []string) {
	for _, w := range webhooks {
		for _, condition := range w.MatchConditions {
			expressions = append(expressions, condition.Expression)
		}
	}
	return expressions
}

func validateWebhook(w Webhook, e *Expressions, path *field.Path) field.ErrorList {
	errs := utilvalidation.IsFullyQualifiedName(path.Child("name"), w.Name)
	errs = append(errs, validateVersions(w.AdmissionReviewVersions, path.Child("admissionReviewVersions"))...)
	for i := range w.Rules {
		errs = append(errs, ValidateRuleWithOperations(&w.Rules[i], path.Child("rules").Index(i))...)
	}
	errs = append(errs, oneOf(w.FailurePolicy, path.Child("failurePolicy"), admissionregistrationv1.Fail, admissionregistrationv1.Ignore)...)
	errs = append(errs, oneOf(w.MatchPolicy, path.Child("matchPolicy"), admissionregistrationv1.Equivalent, admissionregistrationv1.Exact)...)
	if w.SideEffects == nil {
		errs = append(errs, field.Required(path.Child("sideEffects"), "must specify one of None, NoneOnDryRun"))
	}
	errs = append(errs, oneOf(w.SideEffects, path.Child("sideEffects"), admissionregistrationv1.SideEffectClassNone,
		admissionregistrationv1.SideEffectClassNoneOnDryRun)...)
	if t := w.TimeoutSeconds; t != nil && (*t < 1 || *t > 30) {
		errs = append(errs, field.Invalid(path.Child("timeoutSeconds"), *t, "the timeout value must be between 1 and 30 seconds"))
	}
	options := metav1validation.LabelSelectorValidationOptions{}
	errs = append(errs, metav1validation.ValidateLabelSelector(w.NamespaceSelector, options, path.Child("namespaceSelector"))...)
	errs = append(errs, metav1validation.ValidateLabelSelector(w.ObjectSelector, options, path.Child("objectSelector"))...)
	errs = append(errs, validateClient(&w.ClientConfig, path.Child("clientConfig"))...)
	errs = append(errs, oneOf(w.ReinvocationPolicy, path.Child("reinvocationPolicy"), admissionregistrationv1.IfNeededReinvocationPolicy,
		admissionregistrationv1.NeverReinvocationPolicy)...)
	return append(errs, ValidateMatchConditions(w.MatchConditions, e, path.Child("matchConditions"))...)
}

// oneOf checks a field with a set of values, which may be nil.
func oneOf[T ~string](value *T, path *field.Path, supported ...T) field.ErrorList {
	if value == nil || slices.Contains(supported, *value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, *value, supported)}
}

func validateClient(c *admissionregistrationv1.WebhookClientConfig, path *field.Path) field.ErrorList {
	switch {
	case (c.URL == nil) == (c.Service == nil):
		return field.ErrorList{field.Required(path, "exactly one of url or service is required")}
	case c.URL != nil:
		return webhookutil.ValidateWebhookURL(path.Child("url"), *c.URL, true)
	}
	port := int32(443)
	if c.Service.Port != nil {
		port = *c.Service.Port
	}
	// The name and the namespace are interchanged, which looks wrong, but
	// kube-apiserver does the same: it says of a missing namespace that the name is
	// missing.
	return webhookutil.ValidateWebhookService(path.Child("service"), c.Service.Name, c.Service.Namespace, c.Service.Path, port)
}

// validateVersions checks the versions of AdmissionReview that a webhook knows.
// This server must know one of them.
func validateVersions(versions []string, path *field.Path) field.ErrorList {
	known := []string{"v1", "v1beta1"}
	if len(versions) == 0 {
		return field.ErrorList{field.Required(path, "must specify one of "+strings.Join(known, ", "))}
	}
	var errs field.ErrorList
	seen := sets.Set[string]{}
	for i, version := range versions {
		if seen.Has(version) {
			errs = append(errs, field.Invalid(path.Index(i), version, "duplicate version"))
			continue
		}
		seen.Insert(version)
		for _, complaint := range utilvalidation.IsDNS1035Label(version) {
			errs = append(errs, field.Invalid(path.Index(i), version, complaint))
		}
	}
	if !seen.HasAny(known...) {
		errs = append(errs, field.Invalid(path, versions, "must include at least one of "+strings.Join(known, ", ")))
	}
	return errs
}
