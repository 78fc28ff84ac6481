package version

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/version"
)

// Flag is kube-apiserver's --version. true prints the version, raw all that is
// known about it; false does nothing. A version, such as v1.37.2-custom, is the
// one that the server reports from then on; only what follows the patch version
// may differ from Kubernetes. If the flag is repeated, the last one that is not a
// version decides what is printed.
//
// It takes the place of k8s.io/component-base/version/verflag, whose version is
// set when a binary is linked, and is the same for all servers of a process.
type Flag struct {
	// Reported is the version that the flag has set. It is empty if Git is to be
	// reported.
	Reported string

	print string
}

const raw = "raw"

// AddTo adds the flag.
func (f *Flag) AddTo(fs *pflag.FlagSet) {
	fs.Var(f, "version", "--version and --version=raw print the version and exit. --version=vX.Y.Z... sets the version that the server reports.")
	fs.Lookup("version").NoOptDefVal = "true"
}

// Set implements pflag.Value.
func (f *Flag) Set(value string) error {
	switch {
	case value == raw:
		f.print = raw
		return nil
	case strings.HasPrefix(value, "v"):
		if err := compatible(value); err != nil {
			return err
		}
		f.Reported, f.print = value, ""
		return nil
	}
	wanted, err := strconv.ParseBool(value)
	if f.print = ""; wanted {
		f.print = "true"
	}
	return err
}

// compatible returns an error unless a version is one of Kubernetes.
func compatible(value string) error {
	v, err := version.ParseSemantic(value)
	if err != nil {
		return err
	}
	own := version.MustParseSemantic(Kubernetes)
	if v.Major() != own.Major() || v.Minor() != own.Minor() || v.Patch() != own.Patch() {
		return fmt.Errorf("version %q must match major/minor/patch of default version %q", value, Git)
	}
	return nil
}

// String implements pflag.Value.
func (f *Flag) String() string {
	switch {
	case f.print != "":
		return f.print
	case f.Reported != "":
		return f.Reported
	}
	return "false"
}

// Type implements pflag.Value.
func (f *Flag) Type() string { return "version" }

// Print prints the version if the flag asks for it, and reports whether it did.
func (f *Flag) Print(w io.Writer) (printed bool, err error) {
	info := binary(f.Reported)
	switch f.print {
	case "":
		return false, nil
	case raw:
		_, err = fmt.Fprintf(w, "%#v\n", info)
	default:
		_, err = fmt.Fprintf(w, "Kubernetes %s\n", info.GitVersion)
	}
	return true, err
}
