package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// loaded are the lines with which kube-apiserver v1.36.3 says which plugins it runs
// by default, and in which order.
var loaded = []string{
	"mutating admission controller(s) successfully in the following order: NamespaceLifecycle,LimitRanger,ServiceAccount,TaintNodesByCondition,Priority," +
		"DefaultTolerationSeconds,DefaultStorageClass,StorageObjectInUseProtection,PodGroupProtection,RuntimeClass,DefaultIngressClass,PodTopologyLabels," +
		"MutatingAdmissionPolicy,MutatingAdmissionWebhook.",
	"validating admission controller(s) successfully in the following order: LimitRanger,ServiceAccount,PodSecurity,Priority,PersistentVolumeClaimResize," +
		"RuntimeClass,CertificateApproval,CertificateSigning,ClusterTrustBundleAttest,CertificateSubjectRestriction,PodGroupWorkloadExists," +
		"NodeDeclaredFeatureValidator,JobValidation,PodResizeValidator,ValidatingAdmissionPolicy,ValidatingAdmissionWebhook,ResourceQuota.",
}

// staticPolicy is a policy and its binding, as a file.
const staticPolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: keep.static.k8s.io}
spec:
  matchConstraints: {resourceRules: [{apiGroups: ["", admissionregistration.k8s.io], apiVersions: ["*"], operations: ["CREATE"], resources: ["*"]}]}
  validations: [{expression: "object.metadata.name != 'bad'", message: "the file says no"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: keep.static.k8s.io}
spec: {policyName: keep.static.k8s.io, validationActions: [Deny]}
`

// TestAdmissionManifests runs a server with a policy that is a file. It holds for
// policies of the API too, which those of the API do not.
func TestAdmissionManifests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	testutil.Check(t, os.Mkdir(filepath.Join(dir, "policies"), 0o700))
	testutil.Check(t, os.WriteFile(filepath.Join(dir, "policies", "keep.yaml"), []byte(staticPolicy), 0o600))
	config := filepath.Join(dir, "admission.yaml")
	testutil.Check(t, os.WriteFile(config, []byte("apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n"+
		"- name: ValidatingAdmissionPolicy\n  configuration:\n    apiVersion: apiserver.config.k8s.io/v1\n"+
		"    kind: ValidatingAdmissionPolicyConfiguration\n    staticManifestsDir: "+filepath.Join(dir, "policies")+"\n"), 0o600))

	fails(t, "staticManifestsDir requires the ManifestBasedAdmissionControlConfig feature gate to be enabled",
		"--admission-control-config-file="+config, "--feature-gates=ManifestBasedAdmissionControlConfig=false")

	process, admin := serve(t, t.TempDir(), "--admission-control-config-file="+config, "--feature-gates=ManifestBasedAdmissionControlConfig=true", "-v=2")
	c := kubernetes.NewForConfigOrDie(admin)
	_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: named("bad")}, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "the file says no") {
		t.Errorf("config map: %v", err)
	}
	_, err = c.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: named("good")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	validate(t, c, "good")
	if err := createHooks(t, c, "bad"); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "the file says no") {
		t.Errorf("webhook configuration: %v", err)
	}
	if err := createHooks(t, c, "a.static.k8s.io"); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "are reserved for static manifest-based") {
		t.Errorf("reserved name: %v", err)
	}
	for _, line := range loaded {
		if !strings.Contains(process.stderr.String(), line) {
			t.Errorf("the log does not have %s", line)
		}
	}
}
