package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"
)

type recorded []string

func (r *recorded) AddWarning(_, text string) { *r = append(*r, text) }

// TestEarlyWarnings sends three warnings through the filter at two versions.
func TestEarlyWarnings(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := resourcev1alpha3.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	const (
		other = "something else"
		rule  = "resource.k8s.io/v1alpha3 DeviceTaintRule is deprecated in v1.36+, unavailable in v1.39+"
		pool  = "resource.k8s.io/v1alpha3 ResourcePoolStatusRequest is deprecated in v1.39+, unavailable in v1.42+"
	)
	for _, test := range []struct {
		minor uint
		want  []string
	}{
		{35, []string{other}},
		{37, []string{other, rule}},
		{39, []string{other, rule, pool}},
	} {
		handler := withoutEarlyWarnings(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for _, text := range []string{other, rule, pool} {
				warning.AddWarning(r.Context(), "", text)
			}
		}), scheme, version.MajorMinor(1, test.minor))
		var got recorded
		ctx := warning.WithWarningRecorder(context.Background(), &got)
		ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{IsResourceRequest: true, APIVersion: "v1alpha3"})
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		if !slices.Equal(got, test.want) {
			t.Errorf("1.%d: %q, want %q", test.minor, got, test.want)
		}
	}
}
