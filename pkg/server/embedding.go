package server

import (
	"net/http"

	apiadmission "k8s.io/apiserver/pkg/admission"
	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/refusals"
)

// applyAudit applies the flags for audit, and adds the receiver of the program
// that contains the server.
func applyAudit(b *base) error {
	if err := b.options.Audit.ApplyTo(b.generic); err != nil {
		return err
	}
	receive := b.options.Embedding.Audit
	if receive == nil {
		return nil
	}
	if b.generic.AuditPolicyRuleEvaluator == nil {
		b.generic.AuditPolicyRuleEvaluator = policy.NewPolicyRuleEvaluator(&auditinternal.Policy{
			OmitStages: []auditinternal.Stage{auditinternal.StageRequestReceived},
			Rules:      []auditinternal.PolicyRule{{Level: auditinternal.LevelRequestResponse}},
		})
	}
	if sink := auditSink(receive); b.generic.AuditBackend == nil {
		b.generic.AuditBackend = sink
	} else {
		b.generic.AuditBackend = audit.Union(b.generic.AuditBackend, sink)
	}
	return nil
}

// auditSink is an audit.Backend that calls a function.
type auditSink func(*auditv1.Event)

// ProcessEvents implements audit.Sink. The library uses an event again when this
// has returned, so the function receives a copy.
func (s auditSink) ProcessEvents(events ...*auditinternal.Event) bool {
	for _, event := range events {
		var converted auditv1.Event
		if err := auditv1.Convert_audit_Event_To_v1_Event(event.DeepCopy(), &converted, nil); err != nil {
			klog.ErrorS(err, "Failed to convert an audit event", "auditID", event.AuditID)
			continue
		}
		converted.SetGroupVersionKind(auditv1.SchemeGroupVersion.WithKind("Event"))
		s(&converted)
	}
	return true
}

// Run implements audit.Backend.
func (auditSink) Run(<-chan struct{}) error { return nil }

// Shutdown implements audit.Backend.
func (auditSink) Shutdown() {}

// String implements audit.Backend.
func (auditSink) String() string { return "function" }

// noteRefusals lets the parts that refuse requests tell who they are, if the
// program that contains the server wants to know of refused requests. It must be
// called before admission is applied.
func noteRefusals(b *base) {
	if b.options.Embedding.Refused != nil {
		b.generic.Authorization.Authorizer = refusals.Authorizer(b.generic.Authorization.Authorizer)
		b.options.Admission.Decorators = append(b.options.Admission.Decorators, apiadmission.DecoratorFunc(refusals.Admission))
	}
}

// reportRefusals reports refused requests to the program that contains the
// server.
func reportRefusals(handler http.Handler, b *base) http.Handler {
	if b.options.Embedding.Refused == nil {
		return handler
	}
	return refusals.Wrap(handler, apis.Codecs.UniversalDeserializer(), user.APIServerUser, b.options.Embedding.Refused)
}
