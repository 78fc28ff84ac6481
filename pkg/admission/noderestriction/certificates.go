package noderestriction

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	corev1 "k8s.io/api/core/v1"
)

// createSigningRequest allows certificates of the node only from the two signers
// for kubelets. Other signers do not identify nodes.
func createSigningRequest(_ context.Context, r request, c *certificatesv1.CertificateSigningRequest) error {
	switch c.Spec.SignerName {
	case certificatesv1.KubeAPIServerClientKubeletSignerName, certificatesv1.KubeletServingSignerName:
	default:
		return nil
	}
	parsed, err := parse(c.Spec.Request)
	if err != nil {
		return r.refuse("unable to parse csr: %w", err)
	}
	if name := r.GetUserInfo().GetName(); parsed.Subject.CommonName != name {
		return r.refuse("can only create a node CSR with CN=%s", name)
	}
	return nil
}

func parse(request []byte) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode(request)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("PEM block type must be CERTIFICATE REQUEST")
	}
	return x509.ParseCertificateRequest(block.Bytes)
}

// podCertificates returns the hooks for certificates of pods (KEP-4317). A kubelet
// requests them, and changes nothing after that.
func podCertificates(p *plugin) hooks[*certificatesv1beta1.PodCertificateRequest] {
	h := whole[*certificatesv1beta1.PodCertificateRequest](func(r request, _ *certificatesv1beta1.PodCertificateRequest) error {
		return r.refuse("unexpected operation %s", r.GetOperation())
	})
	h.create = p.createPodCertificate
	return h
}

// createPodCertificate allows requests for pods of the node that describe the pod
// as it is. What may only be out of date is answered with 500, so that the kubelet
// tries again.
func (p *plugin) createPodCertificate(ctx context.Context, r request, c *certificatesv1beta1.PodCertificateRequest) error {
	if string(c.Spec.NodeName) != r.node {
		return r.refuse("PodCertificateRequest.Spec.NodeName=%q, which is not the requesting node %q", c.Spec.NodeName, r.node)
	}
	name := r.GetNamespace() + "/" + c.Spec.PodName
	pod, err := p.cluster.pod(ctx, r.GetNamespace(), c.Spec.PodName)
	if err != nil {
		return fmt.Errorf("while retrieving pod %q named in the PodCertificateRequest: %w", name, err)
	}
	if _, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]; mirror {
		return r.refuse("pod %q is a mirror pod", name)
	}
	if pod.Spec.NodeName != r.node {
		return r.refuse("pod %q is not running on node %q named in the PodCertificateRequest", name, r.node)
	}
	node, err := p.cluster.node(ctx, r.node)
	if err != nil {
		return fmt.Errorf("while retrieving node %q named in the PodCertificateRequest: %w", r.node, err)
	}
	if c.Spec.NodeUID != node.UID {
		return fmt.Errorf("PodCertificateRequest for pod %q names node UID %q, inconsistent with the running node (%q)", name, c.Spec.NodeUID, node.UID)
	}
	if c.Spec.PodUID != pod.UID {
		return fmt.Errorf("PodCertificateRequest for pod %q contains pod UID (%q) which differs from running pod %q", name, c.Spec.PodUID, pod.UID)
	}
	return p.checkAccount(ctx, r, c, pod)
}

func (p *plugin) checkAccount(ctx context.Context, r request, c *certificatesv1beta1.PodCertificateRequest, pod *corev1.Pod) error {
	name := r.GetNamespace() + "/" + pod.Name
	if c.Spec.ServiceAccountName != pod.Spec.ServiceAccountName {
		return r.refuse("PodCertificateRequest for pod %q contains serviceAccountName (%q) that differs from running pod (%q)",
			name, c.Spec.ServiceAccountName, pod.Spec.ServiceAccountName)
	}
	account, err := p.cluster.account(ctx, r.GetNamespace(), c.Spec.ServiceAccountName)
	if err != nil {
		return fmt.Errorf("while retrieving service account %q named in the PodCertificateRequest: %w", r.GetNamespace()+"/"+c.Spec.ServiceAccountName, err)
	}
	if c.Spec.ServiceAccountUID != account.UID {
		return fmt.Errorf("PodCertificateRequest for pod %q names service account UID %q, which differs from the running service account (%q)",
			name, c.Spec.ServiceAccountUID, account.UID)
	}
	return nil
}
