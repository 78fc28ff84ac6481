package serviceaccount

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/audit"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// staleToken is the audit annotation of a request whose client should have
// replaced its token.
const staleToken = "authentication.k8s.io/stale-token"

// deletedGrace is how long a token stays valid after the deletion time of the
// object to which it is bound, for pods that stop slowly.
const deletedGrace = jwt.DefaultLeeway

// bound checks a token of the TokenRequest API.
func (t *tokens) bound(ctx context.Context, claims *serviceaccount.Claims) (*authserviceaccount.ServiceAccountInfo, error) {
	now := t.now()
	if err := checkTimes(claims, now); err != nil {
		return nil, err
	}
	k := claims.Kubernetes
	if k == nil || k.Namespace == "" || k.ServiceAccount.Name == "" {
		return nil, errors.New("service account token does not name a service account")
	}
	if !authserviceaccount.MatchesUsername(k.Namespace, k.ServiceAccount.Name, claims.Subject) {
		return nil, errors.New("sub claim of the service account token is not its service account")
	}
	if err := t.boundObjects(ctx, k, now.Add(-deletedGrace)); err != nil {
		return nil, err
	}
	count(ctx, claims, now)
	info := &authserviceaccount.ServiceAccountInfo{
		Namespace: k.Namespace, Name: k.ServiceAccount.Name, UID: k.ServiceAccount.UID, CredentialID: claims.CredentialID(),
	}
	if k.Pod != nil {
		info.PodName, info.PodUID = k.Pod.Name, k.Pod.UID
	}
	if k.Node != nil {
		info.NodeName, info.NodeUID = k.Node.Name, k.Node.UID
	}
	return info, nil
}

// boundObjects checks that all objects that the token names exist, and that
// none has a deletion time earlier than deleted.
func (t *tokens) boundObjects(ctx context.Context, k *serviceaccount.Kubernetes, deleted time.Time) error {
	if err := isThere[*corev1.ServiceAccount](ctx, t.Objects, "serviceaccounts", k.Namespace, &k.ServiceAccount, deleted); err != nil {
		return err
	}
	if err := isThere[*corev1.Secret](ctx, t.Objects, "secrets", k.Namespace, k.Secret, deleted); err != nil {
		return err
	}
	if k.Pod != nil {
		// A token that is bound to a pod names the pod's node only as
		// information.
		return isThere[*corev1.Pod](ctx, t.Objects, "pods", k.Namespace, k.Pod, deleted)
	}
	return isThere[*corev1.Node](ctx, t.Objects, "nodes", "", k.Node, deleted)
}

func isThere[T objects.Object](ctx context.Context, from *objects.Access, resource, namespace string, ref *serviceaccount.Ref, deleted time.Time) error {
	if ref == nil {
		return nil
	}
	_, err := lookup(ctx, from, resource, namespace, ref.Name, func(obj T) error {
		if at := obj.GetDeletionTimestamp(); at != nil && at.Time.Before(deleted) {
			return errInvalidated
		}
		if string(obj.GetUID()) != ref.UID {
			return fmt.Errorf("the UID of %s %q (%s) does not match the service account token's claim (%s)", resource, ref.Name, obj.GetUID(), ref.UID)
		}
		return nil
	})
	return err
}

// count updates the metrics of stale and valid tokens.
func count(ctx context.Context, claims *serviceaccount.Claims, now time.Time) {
	if warn := claims.Kubernetes.WarnAfter; warn != nil && *warn != 0 && now.After(warn.Time()) {
		late := now.Sub(warn.Time())
		audit.AddAuditAnnotation(ctx, staleToken, fmt.Sprintf("subject: %s, seconds after warning threshold: %.f", claims.Subject, late.Seconds()))
		staleTokens.WithContext(ctx).Inc()
		return
	}
	validTokens.WithContext(ctx).Inc()
}
