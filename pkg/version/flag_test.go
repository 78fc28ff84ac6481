package version

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestFlag gives the flag all values that kube-apiserver reads or refuses.
func TestFlag(t *testing.T) {
	for _, test := range []struct {
		args     string
		printed  string // its beginning
		reported string
		err      string
	}{
		{args: ""},
		{args: "--version", printed: "Kubernetes " + Git + "\n"},
		{args: "--version=true", printed: "Kubernetes " + Git + "\n"},
		{args: "--version=1", printed: "Kubernetes " + Git + "\n"},
		{args: "--version=false"},
		{args: "--version=0"},
		{args: "--version --version=false"},
		{args: "--version=raw", printed: `version.Info{Major:"1", Minor:"37", EmulationMajor:"", EmulationMinor:"", MinCompatibilityMajor:"", ` +
			`MinCompatibilityMinor:"", GitVersion:"` + Git + `", GitCommit:"", `},
		{args: "--version=v1.37.2", reported: "v1.37.2"},
		{args: "--version=v1.37.2-custom", reported: "v1.37.2-custom"},
		{args: "--version=v1.37.2-custom --version", printed: "Kubernetes v1.37.2-custom\n", reported: "v1.37.2-custom"},
		{args: "--version=v1.37.2-custom --version=raw", printed: `version.Info{Major:"1", Minor:"37",`, reported: "v1.37.2-custom"},
		{args: "--version --version=v1.37.2-custom", reported: "v1.37.2-custom"},
		{args: "--version=v1.35.0",
			err: `invalid argument "v1.35.0" for "--version" flag: version "v1.35.0" must match major/minor/patch of default version "` + Git + `"`},
		{args: "--version=custom", err: `invalid argument "custom" for "--version" flag: strconv.ParseBool: parsing "custom": invalid syntax`},
		{args: "--version=v1.37", err: `invalid argument "v1.37" for "--version" flag: illegal version string "v1.37"`},
		{args: "--version=", err: `invalid argument "" for "--version" flag: strconv.ParseBool: parsing "": invalid syntax`},
		{args: "--version=vnonsense", err: `invalid argument "vnonsense" for "--version" flag: could not parse "vnonsense" as version`},
	} {
		f, fs := &Flag{}, pflag.NewFlagSet("", pflag.ContinueOnError)
		f.AddTo(fs)
		err := fs.Parse(strings.Fields(test.args))
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%s: error %v", test.args, err)
			}
			continue
		}
		var out strings.Builder
		printed, printErr := f.Print(&out)
		if err != nil || printErr != nil || printed != (test.printed != "") || !strings.HasPrefix(out.String(), test.printed) || f.Reported != test.reported {
			t.Errorf("%q prints %q and reports %q: %v, %v", test.args, out.String(), f.Reported, err, printErr)
		}
	}
}
