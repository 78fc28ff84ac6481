package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestRepresentations reads one object in each representation that clients can
// request.
func TestRepresentations(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	create(t, client, ns, "app")
	path := "/api/v1/namespaces/" + ns + "/configmaps"
	for _, tt := range []struct{ name, path, accept, contentType, contains string }{
		{"json", "/app", "application/json", "application/json", `"kind":"ConfigMap"`},
		{"anything", "/app", "*/*", "application/json", `"kind":"ConfigMap"`},
		{"pretty", "/app?pretty=true", "application/json", "application/json", `  "kind": "ConfigMap"`},
		{"yaml", "/app", "application/yaml", "application/yaml", "kind: ConfigMap\n"},
		{"protobuf", "/app", "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf", "k8s\x00\n\x0f\n\x02v1\x12\tConfigMap"},
		{"the first that is known", "/app", "text/csv, application/yaml, application/json", "application/yaml", "kind: ConfigMap"},
		{"metadata", "/app", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "application/json", `"kind":"PartialObjectMetadata"`},
		{"metadata in protobuf", "/app", "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "application/vnd.kubernetes.protobuf",
			"PartialObjectMetadata"},
		{"list of metadata", "", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "application/json", `"kind":"PartialObjectMetadataList"`},
		{"table", "", "application/json;as=Table;g=meta.k8s.io;v=v1", "application/json", `"cells":["app",0,`},
		{"table or object", "/app", "application/json;as=Table;g=meta.k8s.io;v=v1, application/json", "application/json", `"kind":"Table"`},
		{"table with objects", "?includeObject=Object", "application/json;as=Table;g=meta.k8s.io;v=v1", "application/json", `"object":{"kind":"ConfigMap"`},
		{"table without objects", "?includeObject=None", "application/json;as=Table;g=meta.k8s.io;v=v1", "application/json", `"object":null`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := send(t, s.Config, request{path: path + tt.path, headers: []string{"Accept", tt.accept}})
			contentType, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
			if r.code != 200 || contentType != tt.contentType || !bytes.Contains(r.body, []byte(tt.contains)) {
				t.Errorf("%d, %s, without %q: %q", r.code, contentType, tt.contains, r.body)
			}
		})
	}
}

// TestWatchRepresentations reads the first event of a watch as a table and as
// metadata.
func TestWatchRepresentations(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	create(t, client, ns, "app")
	for _, kind := range []string{"Table", "PartialObjectMetadata"} {
		r := send(t, s.Config, request{
			path:    "/api/v1/namespaces/" + ns + "/configmaps?watch=true&timeoutSeconds=1",
			headers: []string{"Accept", "application/json;as=" + kind + ";g=meta.k8s.io;v=v1"},
		})
		var event metav1.WatchEvent
		if err := json.NewDecoder(bytes.NewReader(r.body)).Decode(&event); err != nil {
			t.Errorf("%s: %v in %q", kind, err, r.body)
		}
		if event.Type != "ADDED" || !bytes.Contains(event.Object.Raw, []byte(`"kind":"`+kind+`"`)) {
			t.Errorf("%s: %s %s", kind, event.Type, event.Object.Raw)
		}
	}
}

func TestCompression(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	_, err := client.CoreV1().ConfigMaps(ns).Create(t.Context(), configMap("large", "text", strings.Repeat("gatehouse ", 20_000)), metav1.CreateOptions{})
	testutil.Check(t, err)
	create(t, client, ns, "small")
	for path, want := range map[string]string{"/large": "gzip", "": "gzip", "/small": ""} {
		r := send(t, s.Config, request{path: "/api/v1/namespaces/" + ns + "/configmaps" + path, headers: []string{"Accept-Encoding", "gzip"}})
		if got := r.header.Get("Content-Encoding"); got != want {
			t.Errorf("%q is encoded as %q, not %q", path, got, want)
		}
		if want == "" {
			continue
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(r.body))
		testutil.Check(t, err)
		body, err := io.ReadAll(unpacked)
		testutil.Check(t, err)
		if !json.Valid(body) || len(r.body) > len(body)/10 {
			t.Errorf("%q: %d bytes of %d", path, len(r.body), len(body))
		}
	}
	if got, err := client.CoreV1().ConfigMaps(ns).Get(t.Context(), "large", metav1.GetOptions{}); err != nil || len(got.Data["text"]) != 200_000 {
		t.Errorf("client-go: %v", err)
	}
}
