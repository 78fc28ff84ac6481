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

// writeTimeout is how long labelling a secret may take.
const writeTimeout = 10 * time.Second

// lastUse writes the day on which the token in a secret was last used into a
// label of the secret. Requests do not wait for that.
type lastUse struct {
	client  kubernetes.Interface
	writing sync.Map // types.UID of the secrets that are being written
}

// note records a use now, unless today's use is recorded already.
func (l *lastUse) note(secret *corev1.Secret, now time.Time) {
	today := now.UTC().Format(time.DateOnly)
	if l.client == nil || secret.Labels[LastUsedLabel] == today {
		return
	}
	if _, busy := l.writing.LoadOrStore(secret.UID, true); busy {
		return
	}
	go func() {
		ctx := context.Background() // the request does not wait
		defer utilruntime.HandleCrashWithContext(ctx)
		defer l.writing.Delete(secret.UID)
		if err := l.write(ctx, secret, today); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			utilruntime.HandleErrorWithContext(ctx, err, "Noting the use of a legacy service account token", "secret", secret.Namespace+"/"+secret.Name)
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
