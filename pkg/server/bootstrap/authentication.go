package bootstrap

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	clientretry "k8s.io/client-go/util/retry"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// authenticationInfoName is the name of the ConfigMap from which aggregated API
// servers read how to authenticate requests.
const authenticationInfoName = "extension-apiserver-authentication"

// AuthenticationInfo is the content of the ConfigMap.
type AuthenticationInfo struct {
	// ClientCA verifies client certificates. It is nil if none are accepted.
	ClientCA dynamiccertificates.CAContentProvider
	// RequestHeader describes this server as the front proxy of aggregated API
	// servers: the headers in which it names the user, and the CA of its
	// certificate. It is nil if this server is none.
	RequestHeader *authenticatorfactory.RequestHeaderConfig
}

// authenticationInfo keeps the ConfigMap up to date when certificates change,
// and restores it when another client has changed or deleted it. A server that
// accepts neither client certificates nor a front proxy leaves it alone.
func authenticationInfo(n Needs) genericapiserver.PostStartHookFunc {
	info := n.Authentication
	return func(hook genericapiserver.PostStartHookContext) error {
		if info.ClientCA == nil && info.RequestHeader == nil {
			return nil
		}
		changed := signals.NewPulse()
		if info.ClientCA != nil {
			info.ClientCA.AddListener(changed)
		}
		if info.RequestHeader != nil {
			info.RequestHeader.CAContentProvider.AddListener(changed)
		}
		ensure := func(ctx context.Context) error { return info.ensure(ctx, n) }
		go func() {
			watchOne(hook, n.Objects, changed)
			changed.Enqueue()
			keep(hook, resyncInterval, changed, func(ctx context.Context) error { return retry(ctx, ensure) })
		}()
		return nil
	}
}

// watchOne signals changes of the ConfigMap.
func watchOne(ctx context.Context, access *objects.Access, changed signals.Pulse) {
	one := objects.NewInformer(access, configMapResource, objects.InformerOptions{Namespace: metav1.NamespaceSystem, Name: authenticationInfoName})
	_, _ = one.AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(any, any) { changed.Enqueue() },
		DeleteFunc: func(any) { changed.Enqueue() },
	})
	go one.RunWithContext(ctx)
}

func (info AuthenticationInfo) ensure(ctx context.Context, n Needs) error {
	return clientretry.RetryOnConflict(clientretry.DefaultRetry, func() error {
		current, err := read[*corev1.ConfigMap](ctx, n.Objects, configMapResource, metav1.NamespaceSystem, authenticationInfoName)
		if apierrors.IsNotFound(err) {
			data, err := info.data(nil)
			if err != nil {
				return err
			}
			created := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: authenticationInfoName}, Data: data}
			_, err = n.Client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(ctx, created, metav1.CreateOptions{})
			return unlessExists(err)
		}
		if err != nil {
			return err
		}
		return info.update(ctx, n.Client, current)
	})
}

func (info AuthenticationInfo) update(ctx context.Context, client kubernetes.Interface, current *corev1.ConfigMap) error {
	data, err := info.data(current.Data)
	if err != nil {
		return fmt.Errorf("configmap %s: %w", authenticationInfoName, err)
	}
	if maps.Equal(data, current.Data) {
		return nil
	}
	current.Data = data
	_, err = client.CoreV1().ConfigMaps(current.Namespace).Update(ctx, current, metav1.UpdateOptions{})
	return err
}

// data returns the data of the ConfigMap: the information about this server,
// merged with that of other servers on the same etcd.
func (info AuthenticationInfo) data(others map[string]string) (map[string]string, error) {
	data := maps.Clone(others)
	if data == nil {
		data = map[string]string{}
	}
	authorities := map[string]dynamiccertificates.CAContentProvider{}
	if info.ClientCA != nil {
		authorities["client-ca-file"] = info.ClientCA
	}
	h := info.RequestHeader
	if h != nil {
		authorities["requestheader-client-ca-file"] = h.CAContentProvider
	}
	for key, ca := range authorities {
		data[key] = joinCertificates(time.Now(), ca.CurrentCABundleContent(), []byte(others[key]))
	}
	if h == nil {
		return data, nil
	}
	for key, own := range map[string][]string{
		"requestheader-username-headers":     h.UsernameHeaders.Value(),
		"requestheader-uid-headers":          h.UIDHeaders.Value(),
		"requestheader-group-headers":        h.GroupHeaders.Value(),
		"requestheader-extra-headers-prefix": h.ExtraHeaderPrefixes.Value(),
		"requestheader-allowed-names":        h.AllowedClientNames.Value(),
	} {
		all := append([]string{}, own...)
		var theirs []string
		// A value that is not a list of strings is replaced.
		_ = json.Unmarshal([]byte(others[key]), &theirs)
		for _, name := range theirs {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		text, err := json.Marshal(all)
		if err != nil {
			return nil, err
		}
		data[key] = string(text)
	}
	return data, nil
}

// joinCertificates returns all certificates of the PEM bundles that have not
// expired, without duplicates.
func joinCertificates(now time.Time, bundles ...[]byte) string {
	var joined bytes.Buffer
	seen := map[string]bool{}
	for _, rest := range bundles {
		for {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil || now.After(cert.NotAfter) || seen[string(block.Bytes)] {
				continue
			}
			seen[string(block.Bytes)] = true
			_ = pem.Encode(&joined, &pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes})
		}
	}
	return joined.String()
}
