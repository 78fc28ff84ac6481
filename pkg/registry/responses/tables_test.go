package responses

import (
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	restful "github.com/emicklei/go-restful/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/util/apihelpers"
)

// objectsOfTables are objects with all kinds of managed fields.
func objectsOfTables() []metav1.ObjectMeta {
	now := metav1.NewTime(time.Unix(1_700_000_000, 0))
	shared := &metav1.FieldsV1{Raw: []byte(`{"f:a":{"f:<b>":{}}}`)}
	return []metav1.ObjectMeta{
		{},
		{Name: "a", Labels: map[string]string{"<": "&"}, CreationTimestamp: now},
		{Name: "b", ManagedFields: []metav1.ManagedFieldsEntry{{}}},
		{ManagedFields: []metav1.ManagedFieldsEntry{{FieldsV1: shared}, {Subresource: "status"}}},
		{Name: "c", ManagedFields: []metav1.ManagedFieldsEntry{
			{Manager: "m", Operation: "Apply", APIVersion: "v1", Time: &now, FieldsType: "FieldsV1", FieldsV1: shared, Subresource: "sta\"tus"},
			{Manager: "n", FieldsV1: &metav1.FieldsV1{Raw: []byte("{ \"f:b\": {} }\n")}},
			{Manager: "o", FieldsV1: &metav1.FieldsV1{}},
		}},
	}
}

// TestTables compares tables with those of the library.
func TestTables(t *testing.T) {
	const ours, v1beta1 = "application/json;as=Table;v=v1;g=meta.k8s.io", "application/json;as=Table;v=v1beta1;g=meta.k8s.io"
	for name, test := range map[string]struct {
		accept, query string
		conditions    []metav1.TableRowCondition
		number        int
		taken         bool
	}{
		"kubectl":             {accept: ours + "," + v1beta1 + ",application/json", number: 30, taken: true},
		"older version":       {accept: v1beta1 + "," + ours, number: 30, taken: true},
		"many rows":           {accept: ours, number: 5000, taken: true},
		"no rows":             {accept: ours, taken: true},
		"metadata":            {accept: ours, query: "includeObject=Metadata", number: 30, taken: true},
		"conditions":          {accept: ours, number: 30, conditions: []metav1.TableRowCondition{{Type: "Completed", Message: "<"}}, taken: true},
		"no objects":          {accept: ours, query: "includeObject=None", number: 30, taken: true},
		"objects":             {accept: ours, query: "includeObject=Object", number: 30},
		"indented":            {accept: ours, query: "pretty=true", number: 30},
		"unknown version":     {accept: "application/json;as=Table;v=v2;g=meta.k8s.io," + v1beta1, number: 30, taken: true},
		"not in protobuf":     {accept: "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io," + ours, number: 30, taken: true},
		"YAML":                {accept: "application/yaml;as=Table;v=v1;g=meta.k8s.io", number: 30},
		"another server's":    {accept: "application/json;as=Table;v=v1;g=meta.k8s.io;sv=v2," + v1beta1, number: 30, taken: true},
		"no table is the 1st": {accept: "application/json," + ours, number: 30},
	} {
		t.Run(name, func(t *testing.T) {
			var rows iter.Seq[metav1.TableRow] = func(yield func(metav1.TableRow) bool) {
				metas := objectsOfTables()
				for i := range test.number {
					row := metav1.TableRow{Cells: []any{"<name>", int64(i), true, nil}, Conditions: test.conditions}
					row.Object.Object = &corev1.Pod{ObjectMeta: metas[i%len(metas)]}
					if !yield(row) {
						return
					}
				}
			}
			want, _ := serveTable(t, test.accept, test.query, rows)
			got, taken := serveTable(t, test.accept, test.query, rows, (&Cache{}).Compress, Tables)
			if taken != test.taken {
				t.Errorf("the rows were taken: %v, want %v", taken, test.taken)
			}
			if got != want {
				t.Errorf("the table is\n%.2000s\nwant\n%.2000s", got, want)
			}
		})
	}
}

// serveTable does what the handlers of the library do, and says whether a filter took the rows.
func serveTable(t *testing.T, accept, query string, rows iter.Seq[metav1.TableRow], filters ...restful.FilterFunction) (body string, taken bool) {
	r := httptest.NewRequest(http.MethodGet, "/?"+query, nil)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", "gzip")
	r = r.WithContext(genericapirequest.WithRequestInfo(r.Context(), &genericapirequest.RequestInfo{Verb: "list"}))
	w := httptest.NewRecorder()
	chain := restful.FilterChain{Filters: filters, Target: func(request *restful.Request, w *restful.Response) {
		r := request.Request
		table := &metav1.Table{ListMeta: metav1.ListMeta{Continue: "<c>"}, ColumnDefinitions: []metav1.TableColumnDefinition{{Name: "A"}}, Rows: []metav1.TableRow{}}
		if taken = TakeRows(r.Context(), rows); !taken {
			table.Rows = libraryRows(t, r, rows)
		}
		responsewriters.WriteObjectNegotiated(apihelpers.GetMetaInternalVersionCodecs(), restrictions{}, metav1.SchemeGroupVersion,
			w.ResponseWriter, r, http.StatusOK, table, false)
	}}
	chain.ProcessFilter(restful.NewRequest(r), restful.NewResponse(w))
	if w.Header().Get("Content-Encoding") == "gzip" {
		return gunzip(t, w.Body), taken
	}
	return w.Body.String(), taken
}

func libraryRows(t *testing.T, r *http.Request, rows iter.Seq[metav1.TableRow]) []metav1.TableRow {
	media, _, err := negotiation.NegotiateOutputMediaType(r, apihelpers.GetMetaInternalVersionCodecs(), restrictions{})
	if err != nil {
		t.Fatal(err)
	}
	target := schema.GroupVersionKind{}
	if media.Convert != nil {
		target = *media.Convert
	}
	out := []metav1.TableRow{}
	for row := range rows {
		switch include := r.URL.Query().Get("includeObject"); include {
		case "None":
			row.Object.Object = nil
		case "", "Metadata":
			partial := meta.AsPartialObjectMetadata(&row.Object.Object.(*corev1.Pod).ObjectMeta)
			partial.SetGroupVersionKind(target.GroupVersion().WithKind("PartialObjectMetadata"))
			row.Object.Object = partial
		}
		out = append(out, row)
	}
	return out
}
