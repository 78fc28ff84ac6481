package options

// UseKubeAPIServerDefaults sets the defaults that kube-apiserver has where those
// of New differ. The binary uses them when it is called kube-apiserver. It must
// be called before Flags.
func (o *Options) UseKubeAPIServerDefaults() {
	// kube-apiserver has no etcd.
	o.needsEtcd = true
	// Controllers are the part of kube-controller-manager.
	o.Controllers = nil
}
