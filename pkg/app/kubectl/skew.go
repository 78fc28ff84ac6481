package kubectl

import (
	"fmt"
	"math"

	"k8s.io/apimachinery/pkg/util/version"
	libversion "k8s.io/kubectl/pkg/cmd/version"
)

// supportedSkew is how many minor versions kubectl may differ from the server.
const supportedSkew = 1

// skew returns a warning if kubectl does not support the version of the server.
// It is empty if there is no server or its version cannot be parsed.
func skew(all libversion.Version) string {
	if all.ServerVersion == nil {
		return ""
	}
	client, clientErr := version.ParseSemantic(all.ClientVersion.GitVersion)
	server, serverErr := version.ParseSemantic(all.ServerVersion.GitVersion)
	if clientErr != nil || serverErr != nil ||
		client.Major() == server.Major() && math.Abs(float64(client.Minor())-float64(server.Minor())) <= supportedSkew {
		return ""
	}
	return fmt.Sprintf("version difference between client (%d.%d) and server (%d.%d) exceeds the supported minor version skew of +/-%d",
		client.Major(), client.Minor(), server.Major(), server.Minor(), supportedSkew)
}
