package legacytokencleaner_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	saauthentication "github.com/gatehouse-k8s/gatehouse/pkg/authentication/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/legacytokencleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// now is when the tests run: a synctest bubble begins at that time.
var now = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// daysAgo returns a date.
func daysAgo(days int) string { return now.AddDate(0, 0, -days).Format(time.DateOnly) }

// TestTokens has tokens of all ages, and what kube-controller-manager v1.36.3 did with
// such tokens.
func TestTokens(t *testing.T) {
	const unchanged, marked, deleted = "unchanged", "marked", "deleted"
	old := 2000 * 24 * time.Hour
	for _, test := range []struct {
		name string
		age  time.Duration
		// used and invalid are the labels of the secret, if they are not empty.
		used, invalid string
		// by is "system" if the account lists the secret, and "user" if not.
		by      string
		mounted bool
		since   string
		want    string
	}{
		{"never used", old, "", "", "system", false, daysAgo(3000), marked},
		{"never used, made by a user", old, "", "", "user", false, daysAgo(3000), unchanged},
		{"used long ago", old, daysAgo(400), "", "system", false, daysAgo(3000), marked},
		{"used 366 days ago", old, daysAgo(366), "", "system", false, daysAgo(3000), marked},
		{"used 365 days ago", old, daysAgo(365), "", "system", false, daysAgo(3000), unchanged},
		{"used 364 days ago", old, daysAgo(364), "", "system", false, daysAgo(3000), unchanged},
		{"used lately", old, daysAgo(3), "", "system", false, daysAgo(3000), unchanged},
		{"used at an unknown time", old, "nonsense", "", "system", false, daysAgo(3000), unchanged},
		{"invalid for long", old, daysAgo(900), daysAgo(400), "system", false, daysAgo(3000), deleted},
		{"invalid for long, never used", old, "", daysAgo(400), "system", false, daysAgo(3000), deleted},
		{"invalid for long, made by a user", old, daysAgo(900), daysAgo(400), "user", false, daysAgo(3000), unchanged},
		{"invalid for a while", old, daysAgo(900), daysAgo(10), "system", false, daysAgo(3000), unchanged},
		{"invalid for long, used lately", old, daysAgo(3), daysAgo(400), "system", false, daysAgo(3000), unchanged},
		{"invalid since an unknown time", old, daysAgo(900), "nonsense", "system", false, daysAgo(3000), marked},
		{"mounted", old, daysAgo(400), "", "system", true, daysAgo(3000), unchanged},
		{"a year old", 365*24*time.Hour + time.Minute, "", "", "system", false, daysAgo(3000), marked},
		{"not a year old", 365*24*time.Hour - time.Minute, "", "", "system", false, daysAgo(3000), unchanged},
		{"tracked for a year", old, "", "", "system", false, daysAgo(366), marked},
		{"tracked for less than a year", old, "", "", "system", false, daysAgo(364), unchanged},
		{"tracked since an unknown time", old, "", "", "system", false, "nonsense", unchanged},
	} {
		t.Run(test.name, func(t *testing.T) {
			secret := &corev1.Secret{Type: corev1.SecretTypeServiceAccountToken, ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s",
				CreationTimestamp: metav1.NewTime(now.Add(-test.age)), Labels: map[string]string{},
				Annotations: map[string]string{corev1.ServiceAccountNameKey: "robot"}}}
			for label, value := range map[string]string{saauthentication.LastUsedLabel: test.used, saauthentication.InvalidSinceLabel: test.invalid} {
				if value != "" {
					secret.Labels[label] = value
				}
			}
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "robot"}}
			if test.by == "system" {
				account.Secrets = []corev1.ObjectReference{{Name: "s"}}
			}
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p"}}
			if test.mounted {
				pod.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}}}}
			}
			tracking := &corev1.ConfigMap{Data: map[string]string{"since": test.since},
				ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "kube-apiserver-legacy-service-account-token-tracking"}}
			client := func() *fake.Clientset { return fake.NewClientset(secret, account, pod, tracking) }
			looptest.On(t, legacytokencleaner.Controller(), client, controllers.Deps{}, func(t *testing.T, c *fake.Clientset) {
				got := unchanged
				s, err := c.CoreV1().Secrets("ns").Get(t.Context(), "s", metav1.GetOptions{})
				switch {
				case apierrors.IsNotFound(err):
					got = deleted
				case err != nil:
					t.Fatal(err)
				case s.Labels[saauthentication.InvalidSinceLabel] != test.invalid && s.Labels[saauthentication.InvalidSinceLabel] == daysAgo(0):
					got = marked
				}
				if got != test.want {
					t.Errorf("the secret is %s, want %s: %v", got, test.want, s.Labels)
				}
			})
		})
	}
}
