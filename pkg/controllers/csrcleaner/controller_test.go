package csrcleaner

import (
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// TestEnd has the requests that kube-controller-manager v1.36.3 deleted or kept.
func TestEnd(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	ago := func(hours float64) metav1.Time {
		return metav1.NewTime(now.Add(-time.Duration(hours * float64(time.Hour))))
	}
	condition := func(t certificatesv1.RequestConditionType, hours float64) certificatesv1.CertificateSigningRequestCondition {
		return certificatesv1.CertificateSigningRequestCondition{Type: t, LastUpdateTime: ago(hours), LastTransitionTime: ago(hours)}
	}
	const approved, denied, failed = certificatesv1.CertificateApproved, certificatesv1.CertificateDenied, certificatesv1.CertificateFailed
	certificate := func(validity time.Duration) []byte {
		certPEM, _, err := pki.SelfSigned("x", now, validity)
		if err != nil {
			t.Fatal(err)
		}
		return certPEM
	}
	good, expired := certificate(time.Hour), certificate(-time.Second)
	type conditions = []certificatesv1.CertificateSigningRequestCondition
	for _, test := range []struct {
		name        string
		age         float64
		conditions  conditions
		certificate []byte
		deleted     bool
	}{
		{"pending", 23.9, nil, nil, false},
		{"pending for a day", 24.1, nil, nil, true},
		{"denied", 30, conditions{condition(denied, 0.95)}, nil, false},
		{"denied for an hour", 30, conditions{condition(denied, 1.05)}, nil, true},
		{"denied at an unknown time", 30, conditions{{Type: denied}}, nil, false},
		{"failed", 30, conditions{condition(failed, 0.95)}, nil, false},
		{"failed for an hour", 30, conditions{condition(failed, 1.05)}, nil, true},
		{"approved, and failed later", 30, conditions{condition(approved, 5), condition(failed, 0.5)}, nil, false},
		{"approved and not signed", 30, conditions{condition(approved, 2)}, nil, false},
		{"approved and not signed for a day", 25, conditions{condition(approved, 24.1)}, nil, true},
		{"issued", 30, conditions{condition(approved, 0.95)}, good, false},
		{"issued for an hour", 30, conditions{condition(approved, 1.05)}, good, true},
		{"issued, the update counts", 30, conditions{{Type: approved, LastUpdateTime: ago(0.9), LastTransitionTime: ago(3)}}, good, false},
		{"issued, the transition does not", 30, conditions{{Type: approved, LastUpdateTime: ago(3), LastTransitionTime: ago(0.9)}}, good, true},
		{"the certificate has expired", 1, conditions{condition(approved, 0.1)}, expired, true},
		{"expired and not approved", 1, nil, expired, false},
		{"a certificate without approval", 25, nil, good, true},
		{"no certificate at all", 1, conditions{condition(approved, 0.1)}, []byte("garbage"), false},
		{"no certificate at all for an hour", 30, conditions{condition(approved, 2)}, []byte("garbage"), true},
		{"another condition", 25, conditions{condition("Other", 24.5)}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: ago(test.age)},
				Status: certificatesv1.CertificateSigningRequestStatus{Conditions: test.conditions, Certificate: test.certificate}}
			got := end(r)
			if deleted := !got.IsZero() && !got.After(now); deleted != test.deleted {
				t.Errorf("it is deleted at %v, which is %v ago", got, now.Sub(got))
			}
		})
	}
}
