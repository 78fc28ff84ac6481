package options

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/flags.md")

// own lists the flags that kube-apiserver does not have, by the name gatehouse.
var own = []string{"controllers", "data-dir", "embedded-etcd-cert-file", "embedded-etcd-key-file", "embedded-etcd-listen-client-url",
	"embedded-etcd-quota-backend-bytes", "embedded-etcd-trusted-ca-file", "embedded-etcd-unsafe-no-fsync"}

// absent lists the flags of kube-apiserver that are not there, with the reason.
var absent = map[string]string{
	"kubelet-certificate-authority":   "the server does not connect to kubelets yet",
	"kubelet-client-certificate":      "the server does not connect to kubelets yet",
	"kubelet-client-key":              "the server does not connect to kubelets yet",
	"kubelet-preferred-address-types": "the server does not connect to kubelets yet",
	"kubelet-timeout":                 "the server does not connect to kubelets yet",
}

// differ says why the default of a flag differs from kube-apiserver's, by any of the two
// names of the binary.
var differ = map[string]string{
	"allow-privileged": "kind, envtest, kubeadm and kwok all set it",
	"bind-address":     "listening on loopback only is safe",
	"cert-dir":         "the server has certificates of its own in the data directory",
	"shutdown-watch-termination-grace-period": "watches end when the server does; upstream's zero leaves them open for a minute",
}

// mean says how the meaning of a flag differs although its type and its default are the same.
var mean = map[string]string{
	"event-ttl":                             "must be positive; kube-apiserver accepts any value",
	"proxy-client-cert-file":                "needs --proxy-client-key-file; kube-apiserver starts without it",
	"authentication-token-webhook-version":  "a wrong version is an error even without a webhook",
	"peer-advertise-ip":                     "a loopback address is used as it is; kube-apiserver takes an address of the host instead",
	"show-hidden-metrics-for-version":       "deprecated metrics of 1.37 are shown in any case",
	"feature-gates":                         "gates and defaults are those of 1.37",
	"emulated-version":                      "from 1.34 to 1.37",
	"min-compatibility-version":             "from 1.34 to 1.37",
	"coordinated-leadership-lease-duration": "without leasecandidates (--runtime-config) there is a warning and no election",
	"coordinated-leadership-retry-period":   "with the gate on, a value above 1/1.2 of the deadline is an error; kube-apiserver starts and never leads",
	"authorization-mode":                    "without it Node,RBAC; kube-apiserver's default would let everybody do everything",
	"client-ca-file":                        "client certificates of the CA in the data directory are accepted as well",
	"etcd-servers":                          "without it, by the name gatehouse, etcd runs in the process",
	"requestheader-client-ca-file":          "without it, the front proxy of the data directory is trusted",
	"secure-port":                           "0 chooses a free port; kube-apiserver refuses it",
	"service-account-issuer":                "without it https://kubernetes.default.svc; kube-apiserver requires the flag",
	"service-account-key-file":              "without it the key of the data directory; kube-apiserver requires the flag",
	"service-account-signing-key-file":      "without it the key of the data directory; kube-apiserver requires the flag",
	"service-cluster-ip-range":              "without it 10.0.0.0/24, without a warning; its first family may differ from that of the server's address",
	"v":                                     "without it only warnings and errors are logged",
}

// programs are the names of the binary, with the options that it has then.
var programs = []struct {
	name string
	new  func() *Options
}{
	{"gatehouse", New},
	{"kube-apiserver", func() *Options {
		o := New()
		o.UseKubeAPIServerDefaults()
		return o
	}},
}

func flagsOf(o *Options) map[string]*pflag.Flag {
	all := map[string]*pflag.Flag{}
	for _, section := range o.Flags().FlagSets {
		section.VisitAll(func(f *pflag.Flag) { all[f.Name] = f })
	}
	return all
}

// recordedFlag is a flag as kube-apiserver --help prints it.
type recordedFlag struct{ section, name, kind, value string }

func recorded(t *testing.T) (all []recordedFlag) {
	t.Helper()
	data, err := os.ReadFile("testdata/kube-apiserver-flags.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if cells[0] != "section" && cells[1] != "help" { // help is every command's
			all = append(all, recordedFlag{cells[0], cells[1], cells[2], strings.Trim(cells[3], `"`)})
		}
	}
	return all
}

// kindOf returns the type of a flag as --help prints it.
func kindOf(f *pflag.Flag) string {
	kind, _ := pflag.UnquoteUsage(f)
	switch {
	case kind == "":
		return "bool"
	case f.NoOptDefVal != "":
		return kind + "[=" + f.NoOptDefVal + "]"
	}
	return kind
}

// sameDefault reports whether the default of a flag is the recorded one. The recorded defaults omit
// zero values.
func sameDefault(flag *pflag.Flag, reference string) bool {
	if flag.DefValue == reference {
		return true
	}
	switch flag.DefValue {
	case "0", "0s", "false", "[]", "", "<nil>":
		return reference == "" || reference == "[]" || reference == "false"
	}
	return false
}

// TestFlagsAreThoseOfKubeAPIServer compares the flags of both names of the binary with those
// of kube-apiserver, and docs/flags.md with the result.
func TestFlagsAreThoseOfKubeAPIServer(t *testing.T) {
	have := map[string]map[string]*pflag.Flag{}
	for _, program := range programs {
		have[program.name] = flagsOf(program.new())
		checkOwn(t, program.name, have[program.name])
	}
	var page bytes.Buffer
	page.WriteString(pageHead)
	section := ""
	for _, reference := range recorded(t) {
		if reference.section != section {
			section = reference.section
			fmt.Fprintf(&page, "\n## %s\n\n| flag | type | default | as gatehouse | as kube-apiserver | why |\n|---|---|---|---|---|---|\n", section)
		}
		row := []string{"`--" + reference.name + "`", reference.kind, reference.value}
		for _, program := range programs {
			row = append(row, compare(t, program.name, have[program.name][reference.name], reference))
		}
		row = append(row, explain(t, reference.name, row[3] == "same" && row[4] == "same"))
		fmt.Fprintf(&page, "| %s |\n", strings.Join(row, " | "))
	}
	checkPage(t, page.Bytes())
}

// checkOwn expects no visible flag that is neither kube-apiserver's nor one of own.
func checkOwn(t *testing.T, program string, have map[string]*pflag.Flag) {
	t.Helper()
	known := map[string]bool{}
	for _, name := range own {
		known[name] = true
	}
	for _, reference := range recorded(t) {
		if known[reference.name] {
			t.Errorf("--%s is kube-apiserver's, not our own", reference.name)
		}
		known[reference.name] = true
	}
	for name, flag := range have {
		if !known[name] && flag.Deprecated == "" && !flag.Hidden {
			t.Errorf("%s: --%s is not a flag of kube-apiserver", program, name)
		}
	}
}

// compare returns same, or what is different.
func compare(t *testing.T, program string, flag *pflag.Flag, reference recordedFlag) string {
	t.Helper()
	switch {
	case flag == nil:
		if absent[reference.name] == "" {
			t.Errorf("%s: --%s is missing", program, reference.name)
		}
		return "missing"
	case absent[reference.name] != "":
		t.Errorf("%s: --%s exists", program, reference.name)
	case flag.Hidden:
		t.Errorf("%s: --%s is hidden", program, reference.name)
	case kindOf(flag) != reference.kind:
		t.Errorf("%s: --%s is of type %s, kube-apiserver's of type %s", program, reference.name, kindOf(flag), reference.kind)
	case !sameDefault(flag, reference.value):
		if flag.DefValue == "" {
			return "none"
		}
		return "`" + flag.DefValue + "`"
	}
	return "same"
}

// explain returns why a flag differs.
func explain(t *testing.T, name string, same bool) string {
	t.Helper()
	why := absent[name] + differ[name]
	if same != (why == "") {
		t.Errorf("--%s is the same: %v, but the reason is %q", name, same, why)
	}
	if how := mean[name]; how != "" {
		return strings.TrimPrefix(why+"; "+how, "; ")
	}
	return why
}

const pageHead = `# The flags

This page is generated; ` + "`go test ./pkg/server/options -update`" + ` writes it anew. It compares the flags of kube-apiserver v1.36.3, with the types
and defaults that its ` + "`--help`" + ` prints, with those of the binary, which has other defaults when it is called gatehouse than when it is called
kube-apiserver. What is not explained has the same meaning.
`

func checkPage(t *testing.T, page []byte) {
	t.Helper()
	const file = "../../../docs/flags.md"
	if *update {
		if err := os.WriteFile(file, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if written, err := os.ReadFile(file); err != nil || !bytes.Equal(written, page) {
		t.Errorf("%s is out of date (%v): run go test ./pkg/server/options -update", file, err)
	}
}
