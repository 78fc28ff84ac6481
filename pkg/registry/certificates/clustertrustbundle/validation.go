package clustertrustbundle

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	certificatesvalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// maxTrustBundle is the longest bundle, in bytes.
const maxTrustBundle = 1 << 20

var (
	metadataPath = field.NewPath("metadata")
	signerPath   = field.NewPath("spec", "signerName")
	bundlePath   = field.NewPath("spec", "trustBundle")
)

func validate(_ context.Context, b object) field.ErrorList {
	errs := metavalidation.ValidateObjectMeta(&b.ObjectMeta, false, nameRule(b.Spec.SignerName), metadataPath)
	if b.Spec.SignerName != "" {
		errs = append(errs, certificatesvalidation.ValidateSignerName(b.Spec.SignerName, signerPath)...)
	}
	return append(errs, validateTrustBundle(b.Spec.TrustBundle)...)
}

func validateUpdate(_ context.Context, b, old object) field.ErrorList {
	errs := metavalidation.ValidateObjectMetaUpdate(&b.ObjectMeta, &old.ObjectMeta, metadataPath)
	return append(errs, apivalidation.ValidateImmutableField(b.Spec.SignerName, old.Spec.SignerName, signerPath)...)
}

// nameRule returns the rule for the names of a signer's bundles: those of
// example.com/signer begin with "example.com:signer:". Other bundles have no
// colon in their names.
func nameRule(signer string) apivalidation.ValidateNameFunc {
	if signer == "" {
		return func(name string, prefix bool) []string {
			if strings.Contains(name, ":") {
				return []string{`ClusterTrustBundle without signer name must not have ":" in its name`}
			}
			return apivalidation.NameIsDNSSubdomain(name, prefix)
		}
	}
	required := strings.ReplaceAll(signer, "/", ":") + ":"
	return func(name string, prefix bool) []string {
		rest, found := strings.CutPrefix(name, required)
		if !found {
			return []string{fmt.Sprintf("ClusterTrustBundle for signerName %s must be named with prefix %s", signer, required)}
		}
		return apivalidation.NameIsDNSSubdomain(rest, prefix)
	}
}

// validateTrustBundle checks that the bundle consists of different certificates
// of CAs. Errors number the PEM blocks and do not repeat the bundle.
func validateTrustBundle(bundle string) (errs field.ErrorList) {
	if len(bundle) > maxTrustBundle {
		return field.ErrorList{field.TooLong(bundlePath, "" /* not repeated */, maxTrustBundle)}
	}
	var (
		blocks int
		order  []string
		places = map[string][]int{} // of each certificate
	)
	for block, rest := pem.Decode([]byte(bundle)); block != nil; block, rest = pem.Decode(rest) {
		if complaint := checkAnchor(block); complaint != "" {
			errs = append(errs, invalidBundle(fmt.Sprintf("entry %d %s", blocks, complaint)))
		} else {
			der := string(block.Bytes)
			if places[der] == nil {
				order = append(order, der)
			}
			places[der] = append(places[der], blocks)
		}
		blocks++
	}
	if blocks == 0 {
		return field.ErrorList{invalidBundle("at least one trust anchor must be provided")}
	}
	if len(errs) > 0 {
		return errs
	}
	for _, der := range order {
		if at := places[der]; len(at) > 1 {
			errs = append(errs, invalidBundle(fmt.Sprintf("duplicate trust anchor (indices %v)", at)))
		}
	}
	return errs
}

// checkAnchor returns what is wrong with a block, or nothing.
func checkAnchor(block *pem.Block) string {
	if block.Type != "CERTIFICATE" {
		return "has bad block type: " + block.Type
	}
	if len(block.Headers) > 0 {
		return "has PEM block headers"
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "does not parse as X.509"
	}
	if !certificate.IsCA {
		return "does not have the CA bit set"
	}
	return ""
}

func invalidBundle(detail string) *field.Error {
	return field.Invalid(bundlePath, "<value omitted>", detail)
}
