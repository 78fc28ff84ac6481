// Package version contains the version of this release and of Kubernetes.
package version

import (
	goruntime "runtime"

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
// contains Git, and whose binary version is complete.
type Effective struct {
	basecompatibility.EffectiveVersion
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
	info.GitVersion, info.GitCommit, info.GitTreeState, info.BuildDate = Git, "", "", ""
	info.GoVersion, info.Compiler, info.Platform = goruntime.Version(), goruntime.Compiler, goruntime.GOOS+"/"+goruntime.GOARCH
	return info
}
