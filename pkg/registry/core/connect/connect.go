package connect

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilproxy "k8s.io/apimachinery/pkg/util/proxy"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/streaming/pkg/httpstream"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/tlsconn"
)

// Needs contains what the subresources depend on.
type Needs struct {
	// Connections reach kubelets and pods.
	Connections *kubelet.Connections
	// Authorizer decides whether a client may open a stream.
	Authorizer authorizer.Authorizer
	// BytesPerSecond limits each connection, in bytes in each direction; 0 is no
	// limit.
	BytesPerSecond int64
}

// Kubelet returns the kubelet of a node.
func (n Needs) Kubelet(ctx context.Context, access *objects.Access, node string) (kubelet.Target, error) {
	obj, err := objects.Get[*corev1.Node](ctx, access, corev1.Resource("nodes"), "", node)
	if apierrors.IsNotFound(err) {
		// kube-apiserver names the resource of the request in place of nodes.
		if info, ok := genericapirequest.RequestInfoFrom(ctx); ok {
			return kubelet.Target{}, apierrors.NewNotFound(corev1.Resource(info.Resource), node)
		}
	}
	if err != nil {
		return kubelet.Target{}, err
	}
	return n.Connections.To(obj)
}

// MayStream returns an error unless the user may create the subresource. A stream
// can be asked for with GET as well, because browsers open WebSockets with GET; it
// needs the permission to create nevertheless (KEP-4006).
func (n Needs) MayStream(ctx context.Context, name string) error {
	if !features.Enabled(features.AuthorizePodWebsocketUpgradeCreatePermission) {
		return nil
	}
	attributes, err := genericapifilters.GetAuthorizerAttributes(ctx)
	if err != nil {
		return apierrors.NewInternalError(err)
	}
	if attributes.GetVerb() == "create" {
		return nil
	}
	decision, reason, err := n.Authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User: attributes.GetUser(), Verb: "create", Namespace: attributes.GetNamespace(), APIGroup: attributes.GetAPIGroup(),
		APIVersion: attributes.GetAPIVersion(), Resource: attributes.GetResource(), Subresource: attributes.GetSubresource(),
		Name: attributes.GetName(), ResourceRequest: true, Path: attributes.GetPath(),
	})
	if decision == authorizer.DecisionAllow {
		return nil
	}
	if err != nil && reason == "" {
		reason = err.Error()
	}
	return apierrors.NewForbidden(corev1.Resource(attributes.GetResource()), name, errors.New(reason))
}

// upgrade passes on connections that are upgraded, and refuses other requests.
func (n Needs) upgrade(location *url.URL, transport http.RoundTripper, responder rest.Responder) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		transport, location := kubelet.ForUpgrade(transport, location, framesFor(r))
		h := utilproxy.NewUpgradeAwareHandler(location, transport, false, true, utilproxy.NewErrorResponder(responder))
		h.MaxBytesPerSec = n.BytesPerSecond
		h.ServeHTTP(takeover{ResponseWriter: w}, r)
	})
}

// framesFor returns the frames in which a client writes once a request is accepted,
// or nil if they are not known.
func framesFor(r *http.Request) tlsconn.Frames {
	if strings.EqualFold(r.Header.Get(httpstream.HeaderUpgrade), streamspdy.HeaderSpdy31) && r.ContentLength == 0 {
		return tlsconn.SPDY()
	}
	return nil
}
