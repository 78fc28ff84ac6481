package certificatesigningrequest

import (
	"context"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type (
	conditionType = certificatesv1.RequestConditionType
	conditionList = []certificatesv1.CertificateSigningRequestCondition
)

// prepareStatus keeps the conditions with which a request is approved or denied
// as they were.
func prepareStatus(_ context.Context, r, old object) {
	before := slices.Clone(old.Status.Conditions)
	for i, condition := range r.Status.Conditions {
		if condition.Type != certificatesv1.CertificateApproved && condition.Type != certificatesv1.CertificateDenied {
			continue
		}
		if at := find(before, condition.Type); at >= 0 {
			r.Status.Conditions[i] = before[at]
			before = slices.Delete(before, at, at+1)
		}
	}
	setTimes(r, old)
}

// prepareApproval keeps the certificate, which only the signer writes.
func prepareApproval(_ context.Context, r, old object) {
	r.Status.Certificate = old.Status.Certificate
	setTimes(r, old)
}

// setTimes sets the times that a client leaves out. A condition that had the same
// status before keeps the time of its last transition.
func setTimes(r, old object) {
	now := metav1.Now()
	for i := range r.Status.Conditions {
		condition := &r.Status.Conditions[i]
		if condition.LastUpdateTime.IsZero() {
			condition.LastUpdateTime = now
		}
		if !condition.LastTransitionTime.IsZero() {
			continue
		}
		condition.LastTransitionTime = now
		if at := find(old.Status.Conditions, condition.Type); at >= 0 && old.Status.Conditions[at].Status == condition.Status {
			if before := old.Status.Conditions[at].LastTransitionTime; !before.IsZero() {
				condition.LastTransitionTime = before
			}
		}
	}
}

// find returns the place of the first condition of a type, or -1.
func find(conditions conditionList, t conditionType) int {
	return slices.IndexFunc(conditions, func(c certificatesv1.CertificateSigningRequestCondition) bool { return c.Type == t })
}

func hasCondition(r object, t conditionType) bool { return find(r.Status.Conditions, t) >= 0 }
