package responses

import (
	"bufio"
	"bytes"
	"context"
	"iter"
	"net/http"
	"strings"

	restful "github.com/emicklei/go-restful/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/util/apihelpers"
)

// Tables is a filter that encodes the rows of tables itself, one after the other. The library
// encodes the whole table at once and reads the text of each object three times. The
// table convertor has to give the rows to [TakeRows].
func Tables(request *restful.Request, to *restful.Response, chain *restful.FilterChain) {
	objects, ok := rowObjectsOf(request.Request)
	if !ok {
		chain.ProcessFilter(request, to)
		return
	}
	w := &tableResponse{ResponseWriter: to.ResponseWriter, objects: objects}
	request.Request = request.Request.WithContext(context.WithValue(request.Request.Context(), tableKey{}, w))
	to.ResponseWriter = w
	chain.ProcessFilter(request, to)
	w.close()
}

// rowObjectsOf says what the rows of a table have as their objects, if a request is answered by a table
// in JSON without indentation and without the complete objects.
func rowObjectsOf(r *http.Request) (rowObjects, bool) {
	info, ok := genericapirequest.RequestInfoFrom(r.Context())
	if !ok || info.Verb != "list" || !strings.Contains(r.Header.Get("Accept"), "as=Table") {
		return rowObjects{}, false
	}
	media, serializer, err := negotiation.NegotiateOutputMediaType(r, apihelpers.GetMetaInternalVersionCodecs(), restrictions{})
	if err != nil || media.Convert == nil || media.Convert.Kind != "Table" || serializer.MediaType != runtime.ContentTypeJSON ||
		serializer.Serializer == serializer.PrettySerializer {
		return rowObjects{}, false
	}
	switch include := metav1.IncludeObjectPolicy(r.URL.Query().Get("includeObject")); include {
	case "", metav1.IncludeMetadata, metav1.IncludeNone:
		return rowObjects{version: media.Convert.GroupVersion(), metadata: include != metav1.IncludeNone}, true
	}
	return rowObjects{}, false
}

// restrictions are those of the handlers of resources.
type restrictions struct{}

// AllowsMediaTypeTransform implements negotiation.EndpointRestrictions.
func (restrictions) AllowsMediaTypeTransform(_, subtype string, target *schema.GroupVersionKind) bool {
	switch {
	case target == nil:
		return true
	case target.GroupVersion() != metav1.SchemeGroupVersion && target.GroupVersion() != metav1beta1.SchemeGroupVersion:
		return false
	case target.Kind == "Table":
		return subtype == "json" || subtype == "yaml"
	}
	return target.Kind == "PartialObjectMetadata" || target.Kind == "PartialObjectMetadataList"
}

// AllowsServerVersion implements negotiation.EndpointRestrictions.
func (restrictions) AllowsServerVersion(version string) bool {
	return version == metav1.SchemeGroupVersion.Version
}

// AllowsStreamSchema implements negotiation.EndpointRestrictions.
func (restrictions) AllowsStreamSchema(name string) bool { return name == "watch" }

// tableKey is the key of the tableResponse of a request in its context.
type tableKey struct{}

// TakeRows takes the rows of a table from a table convertor, which then returns the table with an
// empty list of rows. The object of a row is the object of the list. If it returns false, the
// convertor has to return the rows as usual.
func TakeRows(ctx context.Context, rows iter.Seq[metav1.TableRow]) bool {
	w, ok := ctx.Value(tableKey{}).(*tableResponse)
	if ok {
		w.rows = rows
	}
	return ok
}

// tableResponse is a response into which the rows of a table are put.
type tableResponse struct {
	http.ResponseWriter
	objects rowObjects
	// rows is nil before the table convertor is called.
	rows iter.Seq[metav1.TableRow]
	// table is the table without rows.
	table []byte
}

// Write implements http.ResponseWriter.
func (t *tableResponse) Write(data []byte) (int, error) {
	if t.rows == nil {
		return t.ResponseWriter.Write(data)
	}
	t.table = append(t.table, data...)
	return len(data), nil
}

// close writes the table, or what the library has written instead, such as an error.
func (t *tableResponse) close() {
	if t.rows == nil {
		return
	}
	end := []byte("]}\n")
	head, found := bytes.CutSuffix(t.table, end)
	if !found || !bytes.HasSuffix(head, []byte(`"rows":[`)) {
		_, _ = t.ResponseWriter.Write(t.table)
		return
	}
	out := buffers.Get().(*bufio.Writer)
	defer buffers.Put(out)
	out.Reset(t.ResponseWriter)
	defer out.Reset(nil)
	_, _ = out.Write(head) // it returns its error again
	encoder := newRowEncoder(t.objects)
	first := true
	for row := range t.rows {
		if !first {
			_ = out.WriteByte(',')
		}
		first = false
		text, err := encoder.encode(row)
		if err != nil {
			panic(http.ErrAbortHandler) // the status was sent: only a broken stream tells the client
		}
		if _, err := out.Write(text); err != nil {
			return // the connection is gone
		}
	}
	_, _ = out.Write(end)
	_ = out.Flush()
}
