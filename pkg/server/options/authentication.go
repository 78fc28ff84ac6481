package options

import (
	"github.com/spf13/pflag"
)

// AuthenticationOptions choose who may come in.
type AuthenticationOptions struct {
	// Anonymous lets requests without credentials be system:anonymous.
	Anonymous bool
	// ClientCAFile has the CAs of client certificates. Without it the server's
	// own CA is used.
	ClientCAFile string
	// TokenFile is a CSV file of static tokens.
	TokenFile string
}

func newAuthenticationOptions() *AuthenticationOptions {
	return &AuthenticationOptions{Anonymous: true}
}

// AddFlags adds kube-apiserver's authentication flags.
func (o *AuthenticationOptions) AddFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.Anonymous, "anonymous-auth", o.Anonymous, ""+
		"Let requests without credentials in as system:anonymous in group system:unauthenticated.")
	fs.StringVar(&o.ClientCAFile, "client-ca-file", o.ClientCAFile, ""+
		"File with the CA certificates of client certificates. The common name is the user, the organizations are the groups. "+
		"The default is the CA that the server made for itself.")
	fs.StringVar(&o.TokenFile, "token-auth-file", o.TokenFile, "CSV file of bearer tokens: token, user name, user UID and, optionally, \"group1,group2\".")
}

// Validate returns the mistakes in the flags; what the files contain is checked
// when they are read.
func (o *AuthenticationOptions) Validate() []error { return nil }
