package server_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// BenchmarkAuthentication compares requests that carry a service account token
// with requests that carry a static token, which is only looked up in a map.
func BenchmarkAuthentication(b *testing.B) {
	tokens := filepath.Join(b.TempDir(), "tokens.csv")
	if err := os.WriteFile(tokens, []byte("secret,user,1\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	s := must(testserver.New(context.Background(), testserver.Options{DataDir: b.TempDir(), Flags: []string{"--token-auth-file=" + tokens}}))(b)
	defer s.Stop()
	accounts := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ServiceAccounts("default")
	must(accounts.Create(b.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}, metav1.CreateOptions{}))(b)
	token := must(accounts.CreateToken(b.Context(), "robot", &authenticationv1.TokenRequest{}, metav1.CreateOptions{}))(b).Status.Token
	for _, credentials := range []struct{ name, token string }{{"static", "secret"}, {"serviceaccount", token}} {
		client := must(restclient.HTTPClientFor(with(s, credentials.token)))(b)
		b.Run(credentials.name, func(b *testing.B) {
			for b.Loop() {
				resp := must(client.Get(s.URL + "/version"))(b)
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					b.Fatal(resp.Status)
				}
			}
		})
	}
}
