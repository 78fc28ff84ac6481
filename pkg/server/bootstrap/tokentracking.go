package bootstrap

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

const (
	// trackingConfigMap is a config map in kube-system. Its key trackingSince
	// contains the date since when the last use of legacy tokens is recorded in
	// their secrets.
	trackingConfigMap = "kube-apiserver-legacy-service-account-token-tracking"
	trackingSince     = "since"
)

// legacyTokenTracking creates the config map, and creates it again if it was
// deleted or does not contain a date.
func legacyTokenTracking(n Needs) genericapiserver.PostStartHookFunc {
	ensure := func(ctx context.Context) error { return ensureTracking(ctx, n, time.Now()) }
	return func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			// The namespace may not exist yet. The server is ready without this
			// config map.
			_ = retry(hook, ensure)
			keep(hook, resyncInterval, nil, ensure)
		}()
		return nil
	}
}

func ensureTracking(ctx context.Context, n Needs, now time.Time) error {
	maps, today := n.Client.CoreV1().ConfigMaps(metav1.NamespaceSystem), now.UTC().Format(time.DateOnly)
	current, err := read[*corev1.ConfigMap](ctx, n.Objects, configMapResource, metav1.NamespaceSystem, trackingConfigMap)
	switch {
	case apierrors.IsNotFound(err):
		_, err = maps.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: trackingConfigMap, Namespace: metav1.NamespaceSystem},
			Data:       map[string]string{trackingSince: today},
		}, metav1.CreateOptions{})
		err = unlessExists(err)
	case err == nil && !isDay(current.Data[trackingSince]):
		current.Data = map[string]string{trackingSince: today}
		_, err = maps.Update(ctx, current, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("config map %s: %w", trackingConfigMap, err)
	}
	return nil
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
