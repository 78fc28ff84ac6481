// Package deps is temporary: it keeps requirements in go.mod until code uses them.
package deps
import (
 _ "k8s.io/apiserver/pkg/server"
 _ "k8s.io/apiserver/pkg/server/options"
 _ "k8s.io/kubectl/pkg/cmd"
 _ "go.etcd.io/etcd/server/v3/embed"
 _ "go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
 _ "go.etcd.io/etcd/client/v3/kubernetes"
 _ "k8s.io/client-go/kubernetes"
 _ "k8s.io/component-helpers/scheduling/corev1"
 _ "k8s.io/component-base/cli"
 _ "k8s.io/component-base/logs/json/register"
 _ "k8s.io/pod-security-admission/api"
 _ "github.com/rogpeppe/go-internal/testscript"
 _ "sigs.k8s.io/yaml"
 _ "github.com/google/go-cmp/cmp"
 _ "github.com/google/cel-go/cel"
 _ "golang.org/x/sync/errgroup"
 _ "go.uber.org/goleak"
 _ "sigs.k8s.io/structured-merge-diff/v6/fieldpath"
 _ "k8s.io/kube-openapi/pkg/handler3"
 _ "github.com/gofrs/flock"
)
