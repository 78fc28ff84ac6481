package serviceaccount

import (
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/audit"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

const (
	minSeconds = 10 * 60
	maxSeconds = 1 << 32
)

// tokenREST issues tokens for a service account.
type tokenREST struct {
	accounts rest.Getter
	objects  *objects.Access
	tokens   *serviceaccount.Tokens
}

var (
	_ rest.NamedCreater                   = (*tokenREST)(nil)
	_ rest.GroupVersionKindProvider       = (*tokenREST)(nil)
	_ rest.SubresourceObjectMetaPreserver = (*tokenREST)(nil)
)

func (r *tokenREST) New() runtime.Object { return &authenticationv1.TokenRequest{} }
func (r *tokenREST) Destroy()            {}

var tokenRequestKind = authenticationv1.SchemeGroupVersion.WithKind("TokenRequest")

// GroupVersionKind implements rest.GroupVersionKindProvider. TokenRequest is in
// the group authentication.k8s.io and not, like service accounts, in the core
// group.
func (r *tokenREST) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return tokenRequestKind
}

// PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate implements
// rest.SubresourceObjectMetaPreserver. With it, Create can compare the uid in
// the request with that of the service account.
func (r *tokenREST) PreserveRequestObjectMetaSystemFieldsOnSubresourceCreate() bool {
	return features.Enabled(genericfeatures.TokenRequestServiceAccountUIDValidation)
}

// Create implements rest.NamedCreater. Like kube-apiserver, it also returns a
// token for a dry run, because nothing is stored.
func (r *tokenREST) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc,
	_ *metav1.CreateOptions) (runtime.Object, error) {
	req, ok := obj.(*authenticationv1.TokenRequest)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a TokenRequest object: %T", obj))
	}
	account, err := r.account(ctx, name, req)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	r.fillIn(req, account, now)
	if errs := validateTokenRequest(req); len(errs) > 0 {
		return nil, apierrors.NewInvalid(tokenRequestKind.GroupKind(), "", errs)
	}
	if validate != nil {
		if err := validate(ctx, obj.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	to, err := binder{r.objects, account}.bind(ctx, req.Spec.BoundObjectRef)
	if err != nil {
		return nil, err
	}
	return r.issue(ctx, req, account, to, now)
}

// account returns the service account that the URL names. The name and uid in
// the metadata of the request are optional, but must be those of the account.
func (r *tokenREST) account(ctx context.Context, name string, req *authenticationv1.TokenRequest) (*corev1.ServiceAccount, error) {
	if req.Name != "" && req.Name != name {
		return nil, apierrors.NewInvalid(tokenRequestKind.GroupKind(), name, field.ErrorList{
			field.Invalid(metaPath.Child("name"), req.Name, "must match the service account name if specified"),
		})
	}
	obj, err := r.accounts.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	account, ok := obj.(*corev1.ServiceAccount)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("service account %q is a %T", name, obj))
	}
	if req.UID != "" && req.UID != account.UID {
		return nil, apierrors.NewConflict(corev1.Resource("serviceaccounts"), name,
			fmt.Errorf("the UID in the token request (%s) does not match the UID of the service account (%s)", req.UID, account.UID))
	}
	return account, nil
}

func (r *tokenREST) fillIn(req *authenticationv1.TokenRequest, account *corev1.ServiceAccount, now time.Time) {
	req.Name, req.Namespace, req.UID = account.Name, account.Namespace, account.UID
	req.CreationTimestamp = metav1.NewTime(now)
	if len(req.Spec.Audiences) == 0 {
		req.Spec.Audiences = r.tokens.Audiences
	}
	// Attestations are for tokens that are bound to webhook configurations,
	// which this server does not support.
	req.Spec.Attestations = nil
}

func validateTokenRequest(req *authenticationv1.TokenRequest) field.ErrorList {
	path := field.NewPath("spec", "expirationSeconds")
	switch seconds := ptr.Deref(req.Spec.ExpirationSeconds, 0); {
	case seconds < minSeconds:
		return field.ErrorList{field.Invalid(path, seconds, "may not specify a duration less than 10 minutes")}
	case seconds > maxSeconds:
		return field.ErrorList{field.Invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")}
	}
	return nil
}

// issue signs the token and returns the response.
func (r *tokenREST) issue(ctx context.Context, req *authenticationv1.TokenRequest, account *corev1.ServiceAccount, to serviceaccount.Binding,
	now time.Time) (*authenticationv1.TokenRequest, error) {
	seconds := req.Spec.ExpirationSeconds
	if bound := int64(r.tokens.MaxExpiration / time.Second); bound > 0 && *seconds > bound {
		warning.AddWarning(ctx, "", fmt.Sprintf("requested expiration of %d seconds shortened to %d seconds", *seconds, bound))
		*seconds = bound
	}
	life, warnAfter := time.Duration(*seconds)*time.Second, time.Duration(0)
	if r.tokens.ExtendExpiration && to.Pod != nil && *seconds == serviceaccount.ExtendableSeconds && r.isForAPIServer(req.Spec.Audiences) {
		life, warnAfter = r.tokens.ExtendedLife(), life
	}
	claims := serviceaccount.NewClaims(account, to, req.Spec.Audiences, now, life, warnAfter)
	token, err := r.tokens.Sign(ctx, claims)
	if err != nil {
		return nil, apierrors.NewInternalError(fmt.Errorf("failed to generate token: %w", err))
	}
	audit.AddAuditAnnotation(ctx, authserviceaccount.IssuedCredentialIDAuditAnnotationKey, claims.CredentialID())
	req.Status = authenticationv1.TokenRequestStatus{
		Token: token,
		// If the lifetime of the token was extended, the response does not
		// tell: clients should request a new token in time.
		ExpirationTimestamp: metav1.NewTime(now.Add(time.Duration(*seconds) * time.Second)),
	}
	return req, nil
}

func (r *tokenREST) isForAPIServer(audiences []string) bool {
	return sets.New(r.tokens.Audiences...).HasAll(audiences...)
}
