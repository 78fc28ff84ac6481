package node

import (
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/authentication/user"
)

// userPrefix begins the name of a kubelet's user; the name of its node follows.
const userPrefix = "system:node:"

// Identify reports whether a user is a kubelet, and of which node. The name is
// empty for a kubelet that does not say.
func Identify(u user.Info) (name string, isNode bool) {
	if u == nil {
		return "", false
	}
	name, isNode = strings.CutPrefix(u.GetName(), userPrefix)
	if !isNode || !slices.Contains(u.GetGroups(), user.NodesGroup) {
		return "", false
	}
	return name, true
}
