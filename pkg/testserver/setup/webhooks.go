package setup

import (
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// prepareWebhooks chooses where the test serves its webhooks, writes the serving
// certificate, and lets the configurations and the conversions of definitions name
// this place.
func (s *Server) prepareWebhooks(crds, configurations []*unstructured.Unstructured) error {
	w := s.options.Webhooks
	if w.Host == "" {
		w.Host = "127.0.0.1"
	}
	if w.CertDir == "" {
		w.CertDir = filepath.Join(s.DataDir, "webhooks")
	}
	if w.Port == 0 {
		listener, err := net.Listen("tcp", net.JoinHostPort(w.Host, "0"))
		if err != nil {
			return err
		}
		w.Port = listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			return err
		}
	}
	cert, key, ca, err := s.IssueServing(w.Host)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.CertDir, 0o700); err != nil {
		return err
	}
	for name, data := range map[string][]byte{"tls.crt": cert, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(w.CertDir, name), data, 0o600); err != nil {
			return err
		}
	}
	s.Webhooks = w

	address := "https://" + net.JoinHostPort(w.Host, strconv.Itoa(w.Port))
	for _, configuration := range configurations {
		webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
		if err != nil {
			return fmt.Errorf("%s: %w", configuration.GetName(), err)
		}
		for _, webhook := range webhooks {
			if webhook, ok := webhook.(map[string]any); ok {
				redirect(webhook, "/", address, ca)
			}
		}
		if err := unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks"); err != nil {
			return fmt.Errorf("%s: %w", configuration.GetName(), err)
		}
	}
	for _, crd := range crds {
		if err := redirectConversion(crd, w.Conversion, address, ca); err != nil {
			return fmt.Errorf("%s: %w", crd.GetName(), err)
		}
	}
	return nil
}

// redirectConversion lets the conversion webhook of a definition be called at an
// address. With add, a definition that has several versions and no such webhook gets
// one.
func redirectConversion(crd *unstructured.Unstructured, add bool, address string, ca []byte) error {
	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	if err != nil {
		return err
	}
	strategy, _, err := unstructured.NestedString(crd.Object, "spec", "conversion", "strategy")
	if err != nil {
		return err
	}
	if add && len(versions) > 1 && strategy != "Webhook" {
		conversion := map[string]any{"strategy": "Webhook", "webhook": map[string]any{
			"conversionReviewVersions": []any{"v1"},
			"clientConfig":             map[string]any{"service": map[string]any{}},
		}}
		if err := unstructured.SetNestedMap(crd.Object, conversion, "spec", "conversion"); err != nil {
			return err
		}
	}
	// The map is not a copy, so it is changed in place.
	webhook, _, err := unstructured.NestedFieldNoCopy(crd.Object, "spec", "conversion", "webhook")
	if webhook, ok := webhook.(map[string]any); ok {
		redirect(webhook, "/convert", address, ca)
	}
	return err
}

// redirect replaces the service in the client configuration of a webhook by a URL
// at an address. A webhook with a URL of its own keeps it.
func redirect(webhook map[string]any, path, address string, ca []byte) {
	config, _ := webhook["clientConfig"].(map[string]any)
	service, ok := config["service"].(map[string]any)
	if !ok {
		return
	}
	if own, ok := service["path"].(string); ok && own != "" {
		path = own
	}
	webhook["clientConfig"] = map[string]any{"url": address + path, "caBundle": base64.StdEncoding.EncodeToString(ca)}
}
