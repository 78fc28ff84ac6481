package options

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// byName returns the default options of the two names.
func byName() (gatehouse, kubeAPIServer *Options) {
	kubeAPIServer = New()
	kubeAPIServer.UseKubeAPIServerDefaults()
	return New(), kubeAPIServer
}

// TestKubeAPIServerDefaults compares every flag with its recorded default, by the
// name kube-apiserver.
func TestKubeAPIServerDefaults(t *testing.T) {
	_, o := byName()
	all := flagsOf(o)
	for _, reference := range recorded(t) {
		if flag := all[reference.name]; flag != nil && !sameDefault(flag, reference.value) {
			t.Errorf("--%s: default %q, kube-apiserver's is %q", reference.name, flag.DefValue, reference.value)
		}
	}
}

// TestNameDefaults compares the table with what is in force without flags.
func TestNameDefaults(t *testing.T) {
	gatehouse, kubeAPIServer := byName()
	for _, test := range []struct {
		name   string
		o      *Options
		column func(NameDefault) string
	}{
		{"gatehouse", gatehouse, func(d NameDefault) string { return d.Gatehouse }},
		{"kube-apiserver", kubeAPIServer, func(d NameDefault) string { return d.KubeAPIServer }},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := flagsOf(test.o)
			c, err := test.o.Complete()
			testutil.Check(t, err)
			message := fmt.Sprint(c.Validate())
			for _, d := range NameDefaults() {
				want, got := test.column(d), strings.Trim(all[d.Flag].DefValue, "[]")
				switch {
				case want == Required:
					if !strings.Contains(message, d.Flag) {
						t.Errorf("without --%s the server starts", d.Flag)
					}
					continue
				case d.Flag == modeFlag:
					got = strings.Join(c.Authorization.Modes, ",")
				case d.Flag == "service-account-issuer":
					got = strings.Join(c.ServiceAccounts.Issuers, ",")
				case strings.HasSuffix(want, " in --data-dir"): // serviceAccounts in pkg/server chooses it
					continue
				}
				if got != want {
					t.Errorf("--%s: %q, the table has %q", d.Flag, got, want)
				}
			}
		})
	}
}

// TestNameDefaultsAreDocumented compares the table with docs/drop-in.md.
func TestNameDefaultsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/drop-in.md")
	testutil.Check(t, err)
	quoted := func(value string) string {
		switch value {
		case "":
			return "none"
		case Required:
			return value
		}
		return "`" + value + "`"
	}
	rows := "| flag | `gatehouse` | `kube-apiserver` | why the first differs |\n|---|---|---|---|\n"
	for _, d := range NameDefaults() {
		rows += fmt.Sprintf("| `--%s` | %s | %s | %s |\n", d.Flag, quoted(d.Gatehouse), quoted(d.KubeAPIServer), d.Reason)
	}
	if !strings.Contains(string(page), rows+"\n") {
		t.Errorf("docs/drop-in.md must have this table:\n%s", rows)
	}
}

// TestRequiredFlags compares the errors about flags that kube-apiserver needs with
// recorded ones.
func TestRequiredFlags(t *testing.T) {
	const (
		issuer   = "service-account-issuer is a required flag"
		keyFile  = "either `--service-account-key-file` or `--service-account-signing-endpoint` must be set"
		none     = "--service-account-signing-key-file and --service-account-issuer are required flags"
		together = "--service-account-signing-key-file, --service-account-issuer, and --api-audiences should be specified together"
	)
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"nothing", nil, []string{issuer, keyFile, none}},
		{"issuer", []string{"--service-account-issuer=x"}, []string{keyFile, together}},
		{"signing key", []string{"--service-account-signing-key-file=k"}, []string{issuer, keyFile, together}},
		{"both keys", []string{"--service-account-signing-key-file=k", "--service-account-key-file=k"}, []string{issuer, together}},
		{"verification key and audience", []string{"--service-account-key-file=k", "--api-audiences=a"}, []string{issuer, together}},
		{"issuer and signing key", []string{"--service-account-issuer=x", "--service-account-signing-key-file=k"}, []string{keyFile}},
		{"issuer and verification key", []string{"--service-account-issuer=x", "--service-account-key-file=k"}, []string{together}},
		{"port 0", []string{"--secure-port=0"}, []string{
			"--secure-port 0 must be between 1 and 65535, inclusive. It cannot be turned off with 0", issuer, keyFile, none}},
		{"no etcd", []string{"--etcd-servers="}, []string{"--etcd-servers must be specified", issuer, keyFile, none}},
		{"everything", []string{"--service-account-issuer=x", "--service-account-key-file=k", "--service-account-signing-key-file=k"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, o := byName()
			o.Etcd.StorageConfig.Transport.ServerList = []string{"http://127.0.0.1:1"}
			all := flagsOf(o)
			for _, arg := range test.args {
				name, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
				testutil.Check(t, all[name].Value.Set(value))
			}
			c, err := o.Complete()
			testutil.Check(t, err)
			want := strings.Join(test.want, ", ")
			if len(test.want) > 1 {
				want = "[" + want + "]"
			}
			got := ""
			if err := c.Validate(); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
