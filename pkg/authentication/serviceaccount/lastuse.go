package serviceaccount

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
)

// writeTimeout limits the time of a write to a secret.
const writeTimeout = 10 * time.Second

// lastUse records the date on which a legacy token was last used in a label of
// its secret. It writes in the background, so that requests are not delayed.
type lastUse struct {
	client  kubernetes.Interface
	writing sync.Map // the UIDs of the secrets to which a write is in progress
}

// note records a use at the given time, unless a use on the same day has been
// recorded.
func (l *lastUse) note(secret *corev1.Secret, now time.Time) {
	today := now.UTC().Format(time.DateOnly)
	if l.client == nil || secret.Labels[LastUsedLabel] == today {
		return
	}
	if _, busy := l.writing.LoadOrStore(secret.UID, true); busy {
		return
	}
	go func() {
		ctx := context.Background() // the write must not end with the request
		defer utilruntime.HandleCrashWithContext(ctx)
		defer l.writing.Delete(secret.UID)
		if err := l.write(ctx, secret, today); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			utilruntime.HandleErrorWithContext(ctx, err, "Failed to record the use of a legacy service account token", "secret", secret.Namespace+"/"+secret.Name)
		}
	}()
}

func (l *lastUse) write(ctx context.Context, secret *corev1.Secret, today string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": secret.UID, "labels": map[string]string{LastUsedLabel: today},
	}})
	if err != nil {
		return fmt.Errorf("encoding the patch: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	_, err = l.client.CoreV1().Secrets(secret.Namespace).Patch(ctx, secret.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
