// Package version contains the version of this release and of Kubernetes.
package version

import (
	"cmp"
	goruntime "runtime"
	"strconv"

	"k8s.io/apimachinery/pkg/util/version"
	apimachineryversion "k8s.io/apimachinery/pkg/version"
	basecompatibility "k8s.io/component-base/compatibility"
)

const (
	// Gatehouse is the version of this project.
	Gatehouse = "0.1.0"
	// Kubernetes is the version of Kubernetes whose API is served. It is the
	// version of the k8s.io libraries.
	Kubernetes = "v1.37.2"
	// Git is the version that clients receive and parse.
	Git = Kubernetes + "+gatehouse." + Gatehouse
)

// Effective is an effective version whose Info, which /version returns,
// contains Git, or another version if --version sets one, and whose binary version
// is complete.
type Effective struct {
	basecompatibility.EffectiveVersion
	Reported string
}

// BinaryVersion implements compatibility.EffectiveVersion. The libraries know
// only the minor version.
func (Effective) BinaryVersion() *version.Version {
	return version.MustParseSemantic(Kubernetes)
}

// Info implements compatibility.EffectiveVersion.
func (e Effective) Info() *apimachineryversion.Info {
	info := e.EffectiveVersion.Info()
	if info == nil {
		return nil
	}
	ofBinary := binary(e.Reported)
	info.GitVersion, info.GitCommit, info.GitTreeState, info.BuildDate = ofBinary.GitVersion, "", "", ""
	info.GoVersion, info.Compiler, info.Platform = ofBinary.GoVersion, ofBinary.Compiler, ofBinary.Platform
	return info
}

// binary describes this binary. The version is Git if reported is empty.
func binary(reported string) apimachineryversion.Info {
	v := version.MustParseSemantic(Kubernetes)
	return apimachineryversion.Info{
		Major:      strconv.FormatUint(uint64(v.Major()), 10),
		Minor:      strconv.FormatUint(uint64(v.Minor()), 10),
		GitVersion: cmp.Or(reported, Git),
		GoVersion:  goruntime.Version(),
		Compiler:   goruntime.Compiler,
		Platform:   goruntime.GOOS + "/" + goruntime.GOARCH,
	}
}
