package options

import "net"

// UseKubeAPIServerDefaults sets the defaults that kube-apiserver has where those
// of New differ. The binary uses them when it is called kube-apiserver. It must
// be called before Flags. The default of --authorization-mode is Node,RBAC here
// too: kube-apiserver's would let everybody do everything.
func (o *Options) UseKubeAPIServerDefaults() {
	// It has no etcd in its process, and controllers are the part of
	// kube-controller-manager.
	o.needsEtcd, o.Controllers = true, nil
	o.SecureServing.BindAddress = net.IPv4zero
	o.AllowPrivileged = false
}
