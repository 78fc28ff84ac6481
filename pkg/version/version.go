// Package version contains the version of this release and of Kubernetes.
package version

import (
	"cmp"
	"fmt"
	goruntime "runtime"
	"runtime/debug"
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
	info.GitVersion, info.GitCommit, info.GitTreeState, info.BuildDate = ofBinary.GitVersion, ofBinary.GitCommit, ofBinary.GitTreeState, ofBinary.BuildDate
	info.GoVersion, info.Compiler, info.Platform = ofBinary.GoVersion, ofBinary.Compiler, ofBinary.Platform
	return info
}

// Binary describes this binary. The commit and its date come from the version
// control system; the go command records them when it builds the binary in a
// clone. Without a clone they are empty.
func Binary() apimachineryversion.Info { return binary("") }

// UserAgent is what a client of this project, such as kubectl, sends as
// User-Agent.
func UserAgent(client string) string {
	info := Binary()
	return fmt.Sprintf("%s/%s (%s) kubernetes/%s", client, Kubernetes, info.Platform, cmp.Or(info.GitCommit[:min(7, len(info.GitCommit))], "unknown"))
}

// binary describes this binary. The version is Git if reported is empty.
func binary(reported string) apimachineryversion.Info {
	v := version.MustParseSemantic(Kubernetes)
	commit, treeState, date := source(debug.ReadBuildInfo())
	return apimachineryversion.Info{
		Major:      strconv.FormatUint(uint64(v.Major()), 10),
		Minor:      strconv.FormatUint(uint64(v.Minor()), 10),
		GitVersion: cmp.Or(reported, Git),
		GitCommit:  commit, GitTreeState: treeState, BuildDate: date,
		GoVersion: goruntime.Version(),
		Compiler:  goruntime.Compiler,
		Platform:  goruntime.GOOS + "/" + goruntime.GOARCH,
	}
}

// source returns the commit from which this binary was built, whether the
// files were those of the commit (clean or dirty), and the date of the commit,
// which takes the place of the date of the build: builds of one commit are equal.
func source(info *debug.BuildInfo, ok bool) (commit, treeState, date string) {
	if !ok {
		return "", "", ""
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			commit = setting.Value
		case "vcs.time":
			date = setting.Value
		case "vcs.modified":
			treeState = map[string]string{"false": "clean", "true": "dirty"}[setting.Value]
		}
	}
	return commit, treeState, date
}
