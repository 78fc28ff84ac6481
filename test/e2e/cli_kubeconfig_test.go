package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// whoIs returns the user as whom a server recognizes a kubeconfig.
func whoIs(t testing.TB, kubeconfig string) authenticationv1.UserInfo {
	t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(kubeconfig))
	testutil.Check(t, err)
	review, err := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews().
		Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	testutil.Check(t, err)
	return review.Status.UserInfo
}

// TestKubeconfig asks for kubeconfigs beside a running server and without one.
func TestKubeconfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	port := freePort(t)
	p, _ := ready(t, launchIn(t, dir, "--secure-port="+port))
	if want := "export KUBECONFIG=" + filepath.Join(dir, ".gatehouse", "admin.kubeconfig"); !strings.Contains(p.stdout.String(), want) {
		t.Errorf("the ready line has no absolute path: %s", p.stdout.String())
	}

	admin := succeeds(t, launchIn(t, dir, "kubeconfig"))
	if user := whoIs(t, admin); user.Username != "kubernetes-admin" || !slices.Contains(user.Groups, "system:masters") {
		t.Errorf("without flags it is that of %v", user)
	}
	jane := succeeds(t, launchIn(t, dir, "kubeconfig", "--user=jane", "--group=developers", "--group=on-call", "--duration=1h"))
	if user := whoIs(t, jane); user.Username != "jane" || !slices.Contains(user.Groups, "developers") || !slices.Contains(user.Groups, "on-call") {
		t.Errorf("with --user it is that of %v", user)
	}

	p.signal(syscall.SIGTERM)
	p.exit()
	written := filepath.Join(t.TempDir(), "joe.kubeconfig")
	if out := succeeds(t, launch(t, "kubeconfig", "--data-dir="+filepath.Join(dir, ".gatehouse"), "--user=joe", "--file="+written)); out != "" {
		t.Errorf("with --file it prints %s", out)
	}
	info, err := os.Stat(written)
	testutil.Check(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("the file has mode %v", info.Mode())
	}
	ready(t, launchIn(t, dir, "--secure-port="+port))
	joe, err := os.ReadFile(written)
	testutil.Check(t, err)
	if user := whoIs(t, string(joe)); user.Username != "joe" {
		t.Errorf("the one made without a server is that of %v", user)
	}
}

// TestKubeconfigFails asks for kubeconfigs that cannot be made.
func TestKubeconfigFails(t *testing.T) {
	t.Parallel()
	open := t.TempDir()
	testutil.Check(t, os.Chmod(open, 0o777))
	testutil.Check(t, os.WriteFile(filepath.Join(open, "admin.kubeconfig"), nil, 0o600))
	for _, test := range []struct {
		text string
		args []string
	}{
		{"start a server with this --data-dir first", nil},
		{"--group needs --user", []string{"--group=developers"}},
		{"--duration must be greater than 0", []string{"--user=jane", "--duration=-1h"}},
		{"--data-dir", []string{"--data-dir=" + open}},
	} {
		fails(t, test.text, append([]string{"kubeconfig"}, test.args...)...)
	}
}
