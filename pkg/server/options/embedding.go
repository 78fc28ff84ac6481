package options

import (
	"context"
	"net"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/refusals"
)

// Embedding is what a program that contains the server can set in addition to
// the flags. Everything in it is optional.
type Embedding struct {
	// Listener is where the server accepts connections, in place of a port that it
	// opens. Its address must be a TCP address. The server closes it.
	Listener net.Listener
	// Dial connects to Listener, if that cannot be reached at its address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Audit receives audit events, in addition to the log file and the webhook that
	// flags name. It must return soon, and must not change the event. Without
	// --audit-policy-file there are events of all requests, with their bodies.
	Audit func(*auditv1.Event)
	// Refused is called for each request that the server refuses. It must return
	// soon.
	Refused func(refusals.Refusal)
}
