package serviceaccount_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

const issuer = "https://first.example.com"

// client is a client with the rights of an administrator. It records the
// warnings of responses.
type client struct {
	kubernetes.Interface
	warnings []string
}

// HandleWarningHeader implements rest.WarningHandler.
func (c *client) HandleWarningHeader(_ int, _ string, text string) {
	c.warnings = append(c.warnings, text)
}

// start starts a server and creates the objects to which tokens are bound.
func start(t *testing.T, args ...string) *client {
	t.Helper()
	config := restclient.CopyConfig(testserver.Start(t, testserver.Options{Flags: args}).Config)
	c := &client{}
	config.WarningHandler = c
	c.Interface = kubernetes.NewForConfigOrDie(config)
	core, ctx := c.CoreV1(), t.Context()
	pod := func(name, node string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{
			ServiceAccountName: "robot", NodeName: node, Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	}
	_, err := core.ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = core.Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, p := range []*corev1.Pod{pod("pending", ""), pod("running", "node"), pod("stray", "no-such-node")} {
		_, err = core.Pods("default").Create(ctx, p, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	return c
}

func (c *client) request(ctx context.Context, req *authenticationv1.TokenRequest) (*authenticationv1.TokenRequest, error) {
	c.warnings = nil
	return c.CoreV1().ServiceAccounts("default").CreateToken(ctx, "robot", req, metav1.CreateOptions{})
}

func bound(kind, name string, uid types.UID) authenticationv1.TokenRequestSpec {
	return authenticationv1.TokenRequestSpec{BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: kind, Name: name, UID: uid}}
}

// claims returns the claims of a token without verifying its signature.
func claims(t *testing.T, token string) (c serviceaccount.Claims) {
	t.Helper()
	parsed, err := jwt.ParseSigned(token)
	testutil.Check(t, err)
	testutil.Check(t, parsed.UnsafeClaimsWithoutVerification(&c))
	return c
}

func TestBoundTokenClaims(t *testing.T) {
	c := start(t, "--service-account-issuer="+issuer, "--service-account-issuer=https://second.example.com")
	node, err := c.CoreV1().Nodes().Get(t.Context(), "node", metav1.GetOptions{})
	testutil.Check(t, err)
	for _, test := range []struct {
		name      string
		spec      authenticationv1.TokenRequestSpec
		pod, node string
		nodeUID   string
	}{
		{"nothing", authenticationv1.TokenRequestSpec{}, "", "", ""},
		{"pod without a node", bound("Pod", "pending", ""), "pending", "", ""},
		{"pod on a node", bound("Pod", "running", ""), "running", "node", string(node.UID)},
		{"pod on a node that is gone", bound("Pod", "stray", ""), "stray", "no-such-node", ""},
		{"node", bound("Node", "node", node.UID), "", "node", string(node.UID)},
	} {
		answer, err := c.request(t.Context(), &authenticationv1.TokenRequest{Spec: test.spec})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := claims(t, answer.Status.Token)
		k := got.Kubernetes
		if ref(k.Pod).Name != test.pod || ref(k.Node) != (serviceaccount.Ref{Name: test.node, UID: test.nodeUID}) || k.Namespace != "default" ||
			k.ServiceAccount.UID != string(answer.UID) {
			t.Errorf("%s: claims %+v", test.name, k)
		}
		if got.Issuer != issuer || !slices.Equal(got.Audience, []string{issuer, "https://second.example.com"}) ||
			got.Expiry.Time().Sub(got.IssuedAt.Time()) != time.Hour || got.ID == "" {
			t.Errorf("%s: claims %+v", test.name, got.Claims)
		}
	}
}

func ref(r *serviceaccount.Ref) serviceaccount.Ref { return ptr.Deref(r, serviceaccount.Ref{}) }

func TestTokenRequestErrors(t *testing.T) {
	c := start(t)
	for _, test := range []struct {
		name string
		req  authenticationv1.TokenRequest
		is   func(error) bool
		want string
	}{
		{"uid", authenticationv1.TokenRequest{ObjectMeta: metav1.ObjectMeta{UID: "other"}}, apierrors.IsConflict, "(other) does not match"},
		{"uid of the pod", authenticationv1.TokenRequest{Spec: bound("Pod", "running", "other")}, apierrors.IsConflict,
			`on Pod "running": the UID in the bound object reference (other) does not match`},
		{"node", authenticationv1.TokenRequest{Spec: bound("Node", "missing", "")}, apierrors.IsNotFound, `nodes "missing" not found`},
		{"pod", authenticationv1.TokenRequest{Spec: bound("Pod", "missing", "")}, apierrors.IsNotFound, `pods "missing" not found`},
		{"no kind", authenticationv1.TokenRequest{Spec: bound("", "x", "")}, apierrors.IsBadRequest, "cannot bind token to object of type /v1, Kind="},
		{"webhook configuration", authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
			BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingWebhookConfiguration", Name: "x"}}},
			apierrors.IsBadRequest, "cannot bind token to object of type admissionregistration.k8s.io/v1, Kind=ValidatingWebhookConfiguration"},
	} {
		if _, err := c.request(t.Context(), &test.req); !test.is(err) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestExpiration(t *testing.T) {
	inPod := func(seconds int64, audiences ...string) authenticationv1.TokenRequestSpec {
		spec := bound("Pod", "running", "")
		spec.ExpirationSeconds, spec.Audiences = &seconds, audiences
		return spec
	}
	unbound := authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](3607)}
	const year = 365 * 24 * 3600
	type row struct {
		name         string
		spec         authenticationv1.TokenRequestSpec
		life, answer int64
		warnAfter    int64
		warning      string
	}
	run := func(c *client, rows []row) {
		t.Helper()
		for _, test := range rows {
			answer, err := c.request(t.Context(), &authenticationv1.TokenRequest{Spec: test.spec})
			testutil.Check(t, err)
			got := claims(t, answer.Status.Token)
			issued := got.IssuedAt.Time()
			warn := int64(0)
			if w := got.Kubernetes.WarnAfter; w != nil {
				warn = int64(w.Time().Sub(issued).Seconds())
			}
			life, told := int64(got.Expiry.Time().Sub(issued).Seconds()), int64(answer.Status.ExpirationTimestamp.Sub(issued).Seconds())
			if life != test.life || warn != test.warnAfter || told != test.answer || *answer.Spec.ExpirationSeconds != test.answer {
				t.Errorf("%s: lives %d s, warns after %d, says %d and %d", test.name, life, warn, told, *answer.Spec.ExpirationSeconds)
			}
			if strings.Join(c.warnings, "|") != test.warning {
				t.Errorf("%s: warnings %q", test.name, c.warnings)
			}
		}
	}
	run(start(t, "--service-account-issuer="+issuer, "--api-audiences=a,b"), []row{
		{"in a pod", inPod(3607), year, 3607, 3607, ""},
		{"for one of the server's audiences", inPod(3607, "b"), year, 3607, 3607, ""},
		{"for others", inPod(3607, "b", "c"), 3607, 3607, 0, ""},
		{"not by the admission plugin", inPod(3600), 3600, 3600, 0, ""},
		{"not in a pod", unbound, 3607, 3607, 0, ""},
	})
	run(start(t, "--service-account-extend-token-expiration=false", "--service-account-max-token-expiration=1h"), []row{
		{"not extended but bounded", inPod(3607), 3600, 3600, 0, "requested expiration of 3607 seconds shortened to 3600 seconds"},
		{"within the bound", inPod(600), 600, 600, 0, ""},
	})
}
