package event

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

const (
	maxWord    = 128 // the maximum length of reason, action and reportingInstance
	maxMessage = 1024
)

var metaPath = field.NewPath("metadata")

// requestedNew reports whether the request is to events.k8s.io, whose rules are
// stricter than those of the core group.
func requestedNew(ctx context.Context) bool {
	info, ok := genericapirequest.RequestInfoFrom(ctx)
	return ok && info.APIGroup == eventsv1.GroupName
}

func validate(ctx context.Context, e *corev1.Event) field.ErrorList {
	isNew := requestedNew(ctx)
	errs := validateCommon(e, isNew)
	if !isNew {
		return errs
	}
	errs = append(errs, metavalidation.ValidateObjectMeta(&e.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, metaPath)...)
	errs = append(errs, validateSeries(e.Series)...)
	if e.EventTime.IsZero() {
		errs = append(errs, field.Required(field.NewPath("eventTime"), ""))
	}
	if e.Type != corev1.EventTypeNormal && e.Type != corev1.EventTypeWarning {
		errs = append(errs, field.Invalid(field.NewPath("type"), "", "has invalid value: "+e.Type))
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"firstTimestamp", !e.FirstTimestamp.IsZero()},
		{"lastTimestamp", !e.LastTimestamp.IsZero()},
		{"count", e.Count != 0},
		{"source", e.Source != corev1.EventSource{}},
	} {
		if f.set {
			errs = append(errs, field.Invalid(field.NewPath(f.name), "", "needs to be unset"))
		}
	}
	return errs
}

// validateUpdate allows only the series to change when the request is to
// events.k8s.io. Like those of kube-apiserver, its errors use the field names
// of the core group.
func validateUpdate(ctx context.Context, e, old *corev1.Event) field.ErrorList {
	isNew := requestedNew(ctx)
	errs := validateCommon(e, isNew)
	if !isNew {
		return errs
	}
	errs = append(errs, metavalidation.ValidateObjectMetaUpdate(&e.ObjectMeta, &old.ObjectMeta, metaPath)...)
	errs = append(errs, validateSeries(e.Series)...)
	fixed := func(name string, value, before any) {
		for _, err := range apivalidation.ValidateImmutableField(value, before, field.NewPath(name)) {
			err.BadValue = goform.Of(value)
			errs = append(errs, err)
		}
	}
	fixed("involvedObject", e.InvolvedObject, old.InvolvedObject)
	fixed("reason", e.Reason, old.Reason)
	fixed("reason", e.Reason, old.Reason) // two causes, as in kube-apiserver
	fixed("message", e.Message, old.Message)
	fixed("source", e.Source, old.Source)
	fixed("firstTimestamp", e.FirstTimestamp, old.FirstTimestamp)
	fixed("lastTimestamp", e.LastTimestamp, old.LastTimestamp)
	fixed("count", e.Count, old.Count)
	fixed("type", e.Type, old.Type)
	fixed("eventTime", e.EventTime, old.EventTime)
	fixed("action", e.Action, old.Action)
	fixed("related", e.Related, old.Related)
	fixed("reportingController", e.ReportingController, old.ReportingController)
	fixed("reportingInstance", e.ReportingInstance, old.ReportingInstance)
	return errs
}

func validateSeries(s *corev1.EventSeries) field.ErrorList {
	if s == nil {
		return nil
	}
	var errs field.ErrorList
	if s.Count < 2 {
		errs = append(errs, field.Invalid(field.NewPath("series", "count"), "", "should be at least 2"))
	}
	if s.LastObservedTime.IsZero() {
		errs = append(errs, field.Required(field.NewPath("series", "lastObservedTime"), ""))
	}
	return errs
}

// validateCommon checks the rules that apply in both groups. An event without
// eventTime was created with the older API of the core group, for which few
// rules apply.
func validateCommon(e *corev1.Event, isNew bool) field.ErrorList {
	var errs field.ErrorList
	if !namespacesAgree(e) {
		errs = append(errs, field.Invalid(field.NewPath("involvedObject", "namespace"), e.InvolvedObject.Namespace, "does not match event.namespace"))
	}
	if !e.EventTime.IsZero() {
		errs = append(errs, validateReport(e, isNew)...)
	}
	return append(errs, validation.ValidateDNS1123Subdomain(e.Namespace, field.NewPath("namespace"))...)
}

// namespacesAgree reports whether the event is in the namespace of the object
// that it is about. If that object has no namespace, the event must be in the
// namespace "default". An event with eventTime may also be in "kube-system".
func namespacesAgree(e *corev1.Event) bool {
	about := e.InvolvedObject.Namespace
	switch {
	case about != "":
		return about == e.Namespace || !e.EventTime.IsZero()
	case e.EventTime.IsZero():
		return e.Namespace == metav1.NamespaceNone || e.Namespace == metav1.NamespaceDefault
	}
	return e.Namespace == metav1.NamespaceDefault || e.Namespace == metav1.NamespaceSystem
}

// validateReport checks the fields that tell which controller reports what.
func validateReport(e *corev1.Event, isNew bool) field.ErrorList {
	controller := field.NewPath("reportingComponent")
	if isNew {
		controller = field.NewPath("reportingController")
	}
	var errs field.ErrorList
	if e.ReportingController == "" {
		errs = append(errs, field.Required(controller, ""))
	}
	for _, msg := range utilvalidation.IsQualifiedName(e.ReportingController) {
		errs = append(errs, field.Invalid(controller, e.ReportingController, msg))
	}
	for _, word := range []struct{ name, value string }{
		{"reportingInstance", e.ReportingInstance}, {"action", e.Action}, {"reason", e.Reason},
	} {
		p := field.NewPath(word.name)
		if word.value == "" {
			errs = append(errs, field.Required(p, ""))
		}
		if len(word.value) > maxWord {
			errs = append(errs, field.Invalid(p, "", "can have at most 128 characters"))
		}
	}
	if len(e.Message) > maxMessage {
		errs = append(errs, field.Invalid(field.NewPath("message"), "", "can have at most 1024 characters"))
	}
	return errs
}
