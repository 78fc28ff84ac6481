package node

import (
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/authentication/user"
)

// userPrefix is the prefix of a kubelet's user name. The name of its node
// follows.
const userPrefix = "system:node:"

// Identify reports whether a user is a kubelet, and the name of its node. The
// name is empty if the user name contains none.
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
