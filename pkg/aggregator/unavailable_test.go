package aggregator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	restclient "k8s.io/client-go/rest"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	apiregistrationclient "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/typed/apiregistration/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func apiServices(t testing.TB, c *restclient.Config) apiregistrationclient.APIServiceInterface {
	t.Helper()
	client, err := apiregistrationclient.NewForConfig(c)
	testutil.Check(t, err)
	return client.APIServices()
}

// eventuallyReason waits until the condition Available of an APIService has the
// given reason.
func eventuallyReason(t testing.TB, s *testserver.Server, name, reason string) (condition apiregistrationv1.APIServiceCondition) {
	t.Helper()
	client := apiServices(t, s.Config)
	eventually(t, name+" has the reason "+reason, func() bool {
		service, err := client.Get(t.Context(), name, metav1.GetOptions{})
		testutil.Check(t, err)
		if c := helper.GetAPIServiceConditionByType(service, apiregistrationv1.Available); c != nil {
			condition = *c
		}
		return condition.Reason == reason
	})
	return condition
}

func TestAServiceThatIsNotThere(t *testing.T) {
	s := testserver.Start(t)
	_, err := apiServices(t, s.Config).Create(t.Context(), &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: "v1.toys.example.com"},
		Spec: apiregistrationv1.APIServiceSpec{Group: toys.Group, Version: toys.Version, GroupPriorityMinimum: 1000, VersionPriority: 15,
			InsecureSkipTLSVerify: true, Service: &apiregistrationv1.ServiceReference{Namespace: "default", Name: "toys"}},
	}, metav1.CreateOptions{})
	testutil.Check(t, err)
	condition := eventuallyReason(t, s, "v1.toys.example.com", "ServiceNotFound")
	if condition.Status != apiregistrationv1.ConditionFalse || condition.Message != `service/toys in "default" is not present` {
		t.Errorf("%+v", condition)
	}
	admin := client(t, s.Config)
	eventually(t, "requests are refused", func() bool {
		got := do(t, admin, http.MethodGet, s.URL+"/apis/toys.example.com/v1/toys", nil, nil)
		return got.code == http.StatusServiceUnavailable && got.body == "service unavailable\n"
	})
	eventually(t, "discovery says that it is stale", func() bool { return freshness(t, s, toys) == apidiscoveryv2.DiscoveryFreshnessStale })
	if got := do(t, admin, http.MethodGet, s.URL+"/apis/toys.example.com", nil, nil); got.code != http.StatusOK {
		t.Errorf("the group: %d %s", got.code, got.body)
	}

	testutil.Check(t, apiServices(t, s.Config).Delete(t.Context(), "v1.toys.example.com", metav1.DeleteOptions{}))
	eventually(t, "it is gone", func() bool {
		return freshness(t, s, toys) == "" && do(t, admin, http.MethodGet, s.URL+"/apis/toys.example.com/v1/toys", nil, nil).code == http.StatusNotFound
	})
}

func TestABackendThatDies(t *testing.T) {
	s := testserver.Start(t)
	var dead atomic.Bool
	url := listen(t, s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if dead.Load() {
			panic(http.ErrAbortHandler)
		}
		backend(toys, nil).ServeHTTP(w, r)
	}))
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, URL: url})
	dead.Store(true)
	admin := client(t, s.Config)
	if got := do(t, admin, http.MethodGet, s.URL+"/apis/toys.example.com/v1/toys", nil, nil); got.code != http.StatusServiceUnavailable ||
		!strings.Contains(got.body, "EOF") {
		t.Errorf("before anybody has noticed: %d %q", got.code, got.body)
	}
	touch(t, s, "v1.toys.example.com")
	condition := eventuallyReason(t, s, "v1.toys.example.com", "FailedDiscoveryCheck")
	if !strings.HasPrefix(condition.Message, "failing or missing response from "+url+"/apis/toys.example.com/v1: ") {
		t.Errorf("%+v", condition)
	}
	if got := do(t, admin, http.MethodGet, s.URL+"/apis/apps/v1/deployments", nil, nil); got.code != http.StatusOK {
		t.Errorf("the server's own APIs: %d %s", got.code, got.body)
	}
	eventually(t, "discovery says that it is stale", func() bool { return freshness(t, s, toys) == apidiscoveryv2.DiscoveryFreshnessStale })

	dead.Store(false)
	touch(t, s, "v1.toys.example.com")
	eventuallyReason(t, s, "v1.toys.example.com", "Passed")
	eventually(t, "discovery is current again", func() bool { return freshness(t, s, toys) == apidiscoveryv2.DiscoveryFreshnessCurrent })
}

// touch changes an APIService, so that the controllers handle it immediately.
func touch(t testing.TB, s *testserver.Server, name string) {
	t.Helper()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"touched":"%d"}}}`, time.Now().UnixNano())
	_, err := apiServices(t, s.Config).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	testutil.Check(t, err)
}

func TestTheCAOfABackendIsReplaced(t *testing.T) {
	s, other := testserver.Start(t), testserver.Start(t)
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, URL: listen(t, s, backend(toys, nil))})
	_, _, own, err := s.IssueServing("x")
	testutil.Check(t, err)
	_, _, wrong, err := other.IssueServing("x")
	testutil.Check(t, err)
	replace := func(bundle []byte) {
		t.Helper()
		eventually(t, "the bundle is replaced", func() bool {
			service, err := apiServices(t, s.Config).Get(t.Context(), "v1.toys.example.com", metav1.GetOptions{})
			testutil.Check(t, err)
			service.Spec.CABundle = bundle
			_, err = apiServices(t, s.Config).Update(t.Context(), service, metav1.UpdateOptions{})
			return err == nil
		})
	}
	replace(wrong)
	if condition := eventuallyReason(t, s, "v1.toys.example.com", "FailedDiscoveryCheck"); !strings.Contains(condition.Message,
		"x509: certificate signed by unknown authority") {
		t.Errorf("%+v", condition)
	}
	replace(own)
	eventuallyReason(t, s, "v1.toys.example.com", "Passed")
	eventually(t, "requests pass", func() bool {
		return do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis/toys.example.com/v1", nil, nil).code == http.StatusOK
	})
}

// TestMaliciousBackends registers backends whose documents are endless,
// invalid, or claim the groups of others.
func TestMaliciousBackends(t *testing.T) {
	s := testserver.Start(t)
	endless := func(start string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, err := io.WriteString(w, start)
			for chunk := strings.Repeat(" ", 1<<16); err == nil; _, err = io.WriteString(w, chunk) {
			}
		}
	}
	text := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = io.WriteString(w, body)
		}
	}
	const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	deep := strings.Repeat(`{"items":[`, 100_000)
	admin := client(t, s.Config)
	for _, test := range []struct {
		name   string
		routes map[string]http.HandlerFunc
		stale  bool
	}{
		{name: "endless discovery", routes: map[string]http.HandlerFunc{"/apis": endless(`{"items":[`)}},
		{name: "discovery of other groups", routes: map[string]http.HandlerFunc{"/apis": text(aggregated,
			`{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[`+
				`{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[{"resource":"evil"}]}]},`+
				`{"metadata":{"name":"toys.example.com"},"versions":[{"version":"v1","resources":[{"resource":"toys","scope":"Cluster"}]}]}]}`)}},
		{name: "deep discovery", stale: true, routes: map[string]http.HandlerFunc{"/apis": text(aggregated, deep)}},
		{name: "endless OpenAPI", routes: map[string]http.HandlerFunc{"/openapi/v2": endless(`{"paths":{`), "/openapi/v3": endless(`{"paths":{`)}},
		{name: "nonsense OpenAPI", routes: map[string]http.HandlerFunc{
			"/openapi/v2": text("application/json",
				`{"swagger":"2.0","paths":{"/apis/toys.example.com/v1/toys":null,"/apis/apps/v1/deployments":{}},"definitions":{"a":{"$ref":"#/definitions/a"}}}`),
			"/openapi/v3": text("application/json",
				`{"paths":{"apis/apps/v1":{"serverRelativeURL":"https://evil.example.com"},"apis/toys.example.com/v1":{"serverRelativeURL":"https://evil.example.com/x?hash=1"}}}`)}},
		{name: "deep OpenAPI", routes: map[string]http.HandlerFunc{"/openapi/v2": text("application/json", deep), "/openapi/v3": text("application/json", deep)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			if test.stale {
				ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second) // registration cannot complete: the discovery document is never accepted
			}
			defer cancel()
			api := server.API{GroupVersions: []schema.GroupVersion{toys}, URL: listen(t, s, backend(toys, test.routes))}
			if err := s.RegisterAPI(ctx, api); (err != nil) != test.stale {
				t.Errorf("registering: %v", err)
			}
			var apps answer
			for path, want := range map[string]string{
				"/apis/apps/v1/deployments": "DeploymentList",
				"/openapi/v2":               "/apis/apps/v1/namespaces/{namespace}/deployments",
				"/openapi/v3":               `"/openapi/v3/apis/apps/v1?hash=`,
				"/openapi/v3/apis/apps/v1":  "/apis/apps/v1/namespaces/{namespace}/deployments",
			} {
				apps = do(t, admin, http.MethodGet, s.URL+path, nil, nil)
				if apps.code != http.StatusOK || !strings.Contains(apps.body, want) || strings.Contains(apps.body, "evil") {
					t.Errorf("%s: %d %.200s", path, apps.code, apps.body)
				}
			}
			list := do(t, admin, http.MethodGet, s.URL+"/apis", nil, http.Header{"Accept": {aggregated}})
			if strings.Contains(list.body, "evil") {
				t.Error("discovery has the resources that a backend has invented for another group")
			}
		})
	}
}

// TestASlowBackend checks that requests to a slow backend end at their time
// limit, and that requests for other groups are not delayed.
func TestASlowBackend(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--request-timeout=2s"}})
	asked := make(chan struct{}, 10)
	register(t, s, server.API{GroupVersions: []schema.GroupVersion{toys}, Handler: backend(toys, map[string]http.HandlerFunc{
		"/apis/toys.example.com/v1/toys": func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-r.Context().Done()
		},
	})})
	admin := client(t, s.Config)
	ended := make(chan int, 1)
	go func() {
		response, err := admin.Get(s.URL + "/apis/toys.example.com/v1/toys")
		if err != nil {
			ended <- 0
			return
		}
		_ = response.Body.Close()
		ended <- response.StatusCode
	}()
	<-asked
	if got := do(t, admin, http.MethodGet, s.URL+"/api/v1/namespaces/default", nil, nil); got.code != http.StatusOK {
		t.Errorf("meanwhile: %d %s", got.code, got.body)
	}
	select {
	case code := <-ended:
		if code != 0 && code != http.StatusGatewayTimeout {
			t.Errorf("the slow request is answered with %d", code)
		}
	case <-time.After(patience):
		t.Error("the slow request does not end")
	}
}
