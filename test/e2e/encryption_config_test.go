package e2e

import (
	"strings"
	"testing"
)

// TestEncryptionConfigErrors starts the server with configurations that
// kube-apiserver v1.36.3 refuses with the same words.
func TestEncryptionConfigErrors(t *testing.T) {
	t.Parallel()
	const service = "apiVersion: v2, name: vault, endpoint: 'unix:///run/kms.sock'"
	for _, test := range []struct{ name, config, want string }{
		{"empty file", "", `error while parsing file: error while loading file: encryption provider configuration file "FILE" is empty`},
		{"not YAML", "a: [", `error while parsing file: error decoding encryption provider configuration file "FILE": ` +
			`yaml: line 1: did not find expected node content`},
		{"unknown field", encryptionConfig("secrets", identity) + "foo: 1\n", `error while parsing file: error decoding encryption provider ` +
			`configuration file "FILE": strict decoding error: unknown field "foo"`},
		{"no resources", encryptionConfig("", identity), `error while parsing file: resources[0].resources: Required value: ` +
			`at least one resources[0].resources is required`},
		{"no providers", encryptionConfig("secrets"), `error while parsing file: resources[0].providers: Required value: ` +
			`at least one resources[0].providers is required`},
		{"no keys", encryptionConfig("secrets", "{aescbc: {keys: []}}"), `error while parsing file: resources[0].providers[0].aescbc.keys: Required value: ` +
			`at least one keys is required`},
		{"key without a name", encryptionConfig("secrets", "{aescbc: {keys: [{secret: YWFhYWFhYWFhYWFhYWFhYQ==}]}}"),
			`error while parsing file: resources[0].providers[0].aescbc.keys[0].name: Required value: name is a mandatory field for a key`},
		{"key that is not base64", encryptionConfig("secrets", "{aesgcm: {keys: [{name: a, secret: '%'}]}}"),
			`error while parsing file: resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded`},
		{"short key", encryptionConfig("secrets", "{secretbox: {keys: [{name: a, secret: YWFhYWFhYWFhYWFhYWFhYQ==}]}}"),
			`error while parsing file: resources[0].providers[0].secretbox.keys[0].secret: Invalid value: "REDACTED": ` +
				`secret is not of the expected length, got 16, expected one of [32]`},
		{"resource twice", encryptionConfig("secrets, secrets", identity), `error while parsing file: resources[0].resources: ` +
			`Invalid value: ["secrets","secrets"]: the same resource cannot be specified multiple times`},
		{"lone star", encryptionConfig("'*'", identity), `error while parsing file: resources[0].resources[0]: Invalid value: "*": ` +
			`use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`},
		{"capital letters", encryptionConfig("Secrets", identity), `error while parsing file: resources[0].resources[0]: Invalid value: "Secrets": ` +
			`resource name should not contain capital letters`},
		{"masked resource", "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n" +
			"- {resources: ['*.apps'], providers: [{identity: {}}]}\n- {resources: [deployments.apps], providers: [{identity: {}}]}\n",
			`error while building transformers: resource "deployments.apps" is masked by earlier rule "*.apps"`},
		{"KMS v1", encryptionConfig("secrets", "{kms: {name: vault, endpoint: 'unix:///run/kms.sock'}}"),
			`error while building transformers: KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  ` +
				`Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.`},
		{"KMS by HTTP", encryptionConfig("secrets", "{kms: {apiVersion: v2, name: vault, endpoint: 'http://x'}}"),
			`error while parsing file: resources[0].providers[0].kms.endpoint: Invalid value: "http://x": ` +
				`unsupported scheme "http" for KMS provider, only unix is supported`},
		{"KMS twice", encryptionConfig("secrets", "{kms: {"+service+"}}", "{kms: {"+service+"}}"),
			`error while parsing file: resources[0].providers[1].kms.name: Invalid value: "vault": ` +
				`duplicate KMS provider name vault, names must be unique`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := file(t, "encryption.yaml", test.config)
			fails(t, "storage: --encryption-provider-config: "+strings.ReplaceAll(test.want, "FILE", config),
				"--data-dir="+t.TempDir(), "--secure-port="+freePort(t), "--encryption-provider-config="+config)
		})
	}
	fails(t, "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config",
		"--data-dir="+t.TempDir(), "--secure-port="+freePort(t), "--encryption-provider-config-automatic-reload")
}
