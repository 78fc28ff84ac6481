package customresources

import (
	"mime"
	"net/http"
	"strings"

	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	listers "k8s.io/apiextensions-apiserver/pkg/client/listers/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/discovery"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// router answers discovery requests itself, from the definitions at the time of
// the request. It passes requests for resources on to the handler of the
// library.
type router struct {
	resources http.Handler
	crds      listers.CustomResourceDefinitionLister
	uses      *uses
	publisher *publisher
	notFound  http.Handler
}

// ServeHTTP implements http.Handler.
func (r *router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	path, isAPI := strings.CutPrefix(req.URL.Path, "/apis/")
	info, ok := genericapirequest.RequestInfoFrom(req.Context())
	switch {
	case !isAPI || !ok:
		r.notFound.ServeHTTP(w, req)
	case !info.IsResourceRequest:
		r.discover(w, req, strings.Split(strings.Trim(path, "/"), "/"))
	case isWrite(info) && isProtobuf(req):
		r.refuseProtobuf(w, req, info)
	default:
		crd, err := r.crds.Get(info.Resource + "." + info.APIGroup)
		if err != nil {
			r.notFound.ServeHTTP(w, req)
			return
		}
		r.uses.serve(crd.UID, r.resources, w, req)
	}
}

func (r *router) discover(w http.ResponseWriter, req *http.Request, path []string) {
	group := r.publisher.group(path[0])
	switch len(path) {
	case 1:
		if len(group.Versions) > 0 {
			discovery.NewAPIGroupHandler(extensions.Codecs, group.discovery()).ServeHTTP(w, req)
			return
		}
	case 2:
		if version := group.version(path[1]); version != nil {
			gv := schema.GroupVersion{Group: group.Name, Version: version.Name}
			lister := discovery.APIResourceListerFunc(func() []metav1.APIResource { return version.Resources })
			discovery.NewAPIVersionHandler(extensions.Codecs, gv, lister).ServeHTTP(w, req)
			return
		}
	}
	r.notFound.ServeHTTP(w, req)
}

// isWrite reports whether the body of a request is a custom resource. The body
// of a write to the scale subresource is a Scale, and the body of a delete
// request contains options; neither is a custom resource.
func isWrite(info *genericapirequest.RequestInfo) bool {
	return (info.Verb == "create" || info.Verb == "update") && info.Subresource != "scale"
}

func isProtobuf(req *http.Request) bool {
	mediaType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	return mediaType == runtime.ContentTypeProtobuf
}

// refuseProtobuf answers a write in protobuf with 415. Custom resources have no
// protobuf encoding, and the library would panic.
func (r *router) refuseProtobuf(w http.ResponseWriter, req *http.Request, info *genericapirequest.RequestInfo) {
	if _, err := r.crds.Get(info.Resource + "." + info.APIGroup); err != nil {
		r.resources.ServeHTTP(w, req) // answers 404
		return
	}
	err := &apierrors.StatusError{ErrStatus: metav1.Status{
		Status:  metav1.StatusFailure,
		Code:    http.StatusUnsupportedMediaType,
		Reason:  metav1.StatusReasonUnsupportedMediaType,
		Message: "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
	}}
	responsewriters.ErrorNegotiated(err, extensions.Codecs, schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}, w, req)
}
