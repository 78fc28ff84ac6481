package mutatingadmissionpolicybinding_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestVersions writes a binding in the alpha version, the only one in which the
// action for parameters that are not found has a default, and reads it in v1.
func TestVersions(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--runtime-config=api/all=true"}})
	client := kubernetes.NewForConfigOrDie(s.Config)
	meta := metav1.ObjectMeta{Name: "b"}
	alpha := &admissionregistrationv1alpha1.MutatingAdmissionPolicyBinding{ObjectMeta: meta,
		Spec: admissionregistrationv1alpha1.MutatingAdmissionPolicyBindingSpec{PolicyName: "p", ParamRef: &admissionregistrationv1alpha1.ParamRef{Name: "a"}}}
	beta := &admissionregistrationv1beta1.MutatingAdmissionPolicyBinding{ObjectMeta: meta,
		Spec: admissionregistrationv1beta1.MutatingAdmissionPolicyBindingSpec{PolicyName: "p", ParamRef: &admissionregistrationv1beta1.ParamRef{Name: "a"}}}
	_, err := client.AdmissionregistrationV1beta1().MutatingAdmissionPolicyBindings().Create(t.Context(), beta, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) {
		t.Errorf("v1beta1: got %v, want that the action is required", err)
	}
	_, err = client.AdmissionregistrationV1alpha1().MutatingAdmissionPolicyBindings().Create(t.Context(), alpha, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.AdmissionregistrationV1().MutatingAdmissionPolicyBindings().Get(t.Context(), "b", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: "p",
		ParamRef: &admissionregistrationv1.ParamRef{Name: "a", ParameterNotFoundAction: ptr.To(admissionregistrationv1.DenyAction)}}
	if diff := cmp.Diff(want, got.Spec); diff != "" {
		t.Error(diff)
	}
}
