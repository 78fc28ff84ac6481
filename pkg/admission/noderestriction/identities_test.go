package noderestriction

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

func TestTokens(t *testing.T) {
	bound := func(ref string) string { return `{"metadata":{"name":"sa"},"spec":{"boundObjectRef":{` + ref + `}}}` }
	const different = "node requested token bound to a pod scheduled on a different node"
	run(t, start(t), kubelet(), []testRequest{
		{"not bound", admission.Create, tokens, `{"metadata":{"name":"sa"}}`, "", "node requested token not bound to a pod"},
		{"bound to a secret", admission.Create, tokens, bound(`"apiVersion":"v1","kind":"Secret","name":"mine","uid":"uid-mine"`), "",
			"node requested token not bound to a pod"},
		{"no UID", admission.Create, tokens, bound(`"apiVersion":"v1","kind":"Pod","name":"mine"`), "",
			"node requested token with a pod binding without a uid"},
		{"another UID", admission.Create, tokens, bound(`"apiVersion":"v1","kind":"Pod","name":"mine","uid":"x"`), "",
			"the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated"},
		{"pod of another node", admission.Create, tokens, bound(`"apiVersion":"v1","kind":"Pod","name":"theirs","uid":"uid-theirs"`), "", different},
		{"unknown pod", admission.Create, tokens, bound(`"apiVersion":"v1","kind":"Pod","name":"gone","uid":"x"`), "", `pod "gone" not found`},
	})
}

func TestAudiences(t *testing.T) {
	driver := func(name, audience string) *storagev1.CSIDriver {
		return &storagev1.CSIDriver{ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: storagev1.CSIDriverSpec{TokenRequests: []storagev1.TokenRequest{{Audience: audience}}}}
	}
	claim := func(name, volume string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Spec: corev1.PersistentVolumeClaimSpec{VolumeName: volume}}
	}
	volume := func(name string, source corev1.PersistentVolumeSource) *corev1.PersistentVolume {
		return &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeSpec{PersistentVolumeSource: source}}
	}
	csi := corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "d.io"}}
	old := corev1.PersistentVolumeSource{Cinder: &corev1.CinderPersistentVolumeSource{}}
	volumes := map[string]corev1.VolumeSource{
		"none": {},
		"projected": {Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "vault"}}}}},
		"inline":    {CSI: &corev1.CSIVolumeSource{Driver: "d.io"}},
		"unknown":   {CSI: &corev1.CSIVolumeSource{Driver: "gone.io"}},
		"claim":     {PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "bound"}},
		"unbound":   {PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "unbound"}},
		"ephemeral": {Ephemeral: &corev1.EphemeralVolumeSource{}},
		"old":       {AWSElasticBlockStore: &corev1.AWSElasticBlockStoreVolumeSource{}},
		"old-claim": {PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "old"}},
	}
	p := start(t, driver("d.io", "csi"), driver(ebs, "ebs"), driver(cinder, "cinder"), claim("bound", "pv"), claim("unbound", ""), claim("old", "old"),
		claim("ephemeral-v", "pv"), volume("pv", csi), volume("old", old))
	for name, source := range volumes {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "u"},
			Spec: corev1.PodSpec{NodeName: "n1", Volumes: []corev1.Volume{{Name: "v", VolumeSource: source}}}}
		_, err := p.cluster.client.CoreV1().Pods("ns").Create(t.Context(), pod, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	const refused = "audience %q not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience"
	var tests []testRequest
	for _, test := range []struct{ pod, audiences, want string }{
		{"none", `"a","b"`, "node may only request 0 or 1 audiences"},
		{"none", `"vault"`, fmt.Sprintf(refused, "vault")},
		{"none", ``, fmt.Sprintf(refused, "")},
		{"none", `"granted"`, ""},
		{"projected", `"vault"`, ""},
		{"projected", `"csi"`, fmt.Sprintf(refused, "csi")},
		{"inline", `"csi"`, ""},
		{"claim", `"csi"`, ""},
		{"ephemeral", `"csi"`, ""},
		{"old", `"ebs"`, ""},
		{"old-claim", `"cinder"`, ""},
		{"unknown", `"granted"`, `error validating audience "granted": csidriver.storage.k8s.io "gone.io" not found`},
		{"unbound", `"csi"`, `error validating audience "csi": persistentvolume "" not found`},
	} {
		tests = append(tests, testRequest{test.pod + " " + test.audiences, admission.Create, tokens,
			fmt.Sprintf(`{"spec":{"audiences":[%s],"boundObjectRef":{"apiVersion":"v1","kind":"Pod","name":%q,"uid":"u"}}}`, test.audiences, test.pod), "", test.want})
	}
	run(t, p, kubelet(), tests)
}

func TestSigningRequests(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	testutil.Check(t, err)
	request := func(signer, name string) string {
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
		testutil.Check(t, err)
		var b bytes.Buffer
		testutil.Check(t, pem.Encode(&b, &pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
		return fmt.Sprintf(`{"spec":{"signerName":%q,"request":%q}}`, signer, base64.StdEncoding.EncodeToString(b.Bytes()))
	}
	const client, serving = "kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"
	const refused = "can only create a node CSR with CN=system:node:n1"
	run(t, start(t), kubelet(), []testRequest{
		{"client", admission.Create, signing, request(client, "system:node:n1"), "", ""},
		{"client of another", admission.Create, signing, request(client, "system:node:n2"), "", refused},
		{"server of another", admission.Create, signing, request(serving, "system:node:n2"), "", refused},
		{"another signer", admission.Create, signing, request("example.com/x", "system:node:n2"), "", ""},
		{"junk", admission.Create, signing, `{"spec":{"signerName":"` + client + `","request":"anVuaw=="}}`, "",
			"unable to parse csr: PEM block type must be CERTIFICATE REQUEST"},
	})
}

func TestPodCertificates(t *testing.T) {
	request := func(changes ...string) string {
		spec := `{"nodeName":"n1","nodeUID":"uid-n1","podName":"mine","podUID":"uid-mine","serviceAccountName":"sa","serviceAccountUID":"uid-sa"}`
		return `{"metadata":{"name":"r"},"spec":` + strings.NewReplacer(changes...).Replace(spec) + `}`
	}
	const intro = `PodCertificateRequest for pod "ns/mine" `
	run(t, start(t), kubelet(), []testRequest{
		{"right", admission.Create, podRequests, request(), "", ""},
		{"of another node", admission.Create, podRequests, request(`"n1"`, `"n2"`), "",
			`PodCertificateRequest.Spec.NodeName="n2", which is not the requesting node "n1"`},
		{"unknown pod", admission.Create, podRequests, request(`"mine"`, `"gone"`), "",
			`while retrieving pod "ns/gone" named in the PodCertificateRequest: pod "gone" not found`},
		{"mirror pod", admission.Create, podRequests, request(`"mine"`, `"mirror"`), "", `pod "ns/mirror" is a mirror pod`},
		{"pod of another node", admission.Create, podRequests, request(`"mine"`, `"theirs"`), "",
			`pod "ns/theirs" is not running on node "n1" named in the PodCertificateRequest`},
		{"node UID", admission.Create, podRequests, request(`"uid-n1"`, `"x"`, `"uid-mine"`, `"x"`), "",
			intro + `names node UID "x", inconsistent with the running node ("uid-n1")`},
		{"pod UID", admission.Create, podRequests, request(`"uid-mine"`, `"x"`, `"sa"`, `"x"`), "",
			intro + `contains pod UID ("x") which differs from running pod "uid-mine"`},
		{"account", admission.Create, podRequests, request(`"sa"`, `"x"`), "", intro + `contains serviceAccountName ("x") that differs from running pod ("sa")`},
		{"account UID", admission.Create, podRequests, request(`"uid-sa"`, `"x"`), "",
			intro + `names service account UID "x", which differs from the running service account ("uid-sa")`},
		{"update", admission.Update, podRequest, request(), request(), "unexpected operation UPDATE"},
		{"delete", admission.Delete, podRequests, "", request(), "unexpected operation DELETE"},
	})
}
