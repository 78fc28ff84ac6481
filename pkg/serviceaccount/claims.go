package serviceaccount

import (
	"time"

	"github.com/google/uuid"
	"gopkg.in/go-jose/go-jose.v2/jwt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"
)

// LegacyIssuer issues the tokens in secrets, which do not expire.
const LegacyIssuer = "kubernetes/serviceaccount"

// Claims are what a token says: the registered claims and either Kubernetes or,
// in a token from a secret, Legacy.
type Claims struct {
	jwt.Claims
	Kubernetes *Kubernetes `json:"kubernetes.io,omitempty"`
	Legacy
}

// Kubernetes names the service account and what the token is bound to: it is
// valid as long as they exist.
type Kubernetes struct {
	Namespace      string `json:"namespace,omitempty"`
	ServiceAccount Ref    `json:"serviceaccount"`
	Pod            *Ref   `json:"pod,omitempty"`
	Secret         *Ref   `json:"secret,omitempty"`
	// Node is what the token is bound to only when Pod is nil; otherwise it
	// tells where the pod runs.
	Node *Ref `json:"node,omitempty"`
	// WarnAfter is when the client should have asked for a new token.
	WarnAfter *jwt.NumericDate `json:"warnafter,omitempty"`
}

// Ref names an object.
type Ref struct {
	Name string `json:"name,omitempty"`
	UID  string `json:"uid,omitempty"`
}

// Legacy names the service account and the secret of a token that is in the
// secret.
type Legacy struct {
	Namespace          string `json:"kubernetes.io/serviceaccount/namespace,omitempty"`
	SecretName         string `json:"kubernetes.io/serviceaccount/secret.name,omitempty"`
	ServiceAccountName string `json:"kubernetes.io/serviceaccount/service-account.name,omitempty"`
	ServiceAccountUID  string `json:"kubernetes.io/serviceaccount/service-account.uid,omitempty"`
}

// Binding is what a token is to be bound to. All may be nil.
type Binding struct {
	Pod    *corev1.Pod
	Secret *corev1.Secret
	// Node is the node of the pod or, without a pod, one to be bound to.
	Node *corev1.Node
}

// NewClaims makes the claims of a new token, without the issuer. warnAfter is
// the part of its life after which its use is noted; 0 is never.
func NewClaims(account *corev1.ServiceAccount, to Binding, audiences []string, now time.Time, life, warnAfter time.Duration) *Claims {
	bound := &Kubernetes{Namespace: account.Namespace, ServiceAccount: *refTo(account)}
	if to.Pod != nil {
		bound.Pod = refTo(to.Pod)
	}
	if to.Secret != nil {
		bound.Secret = refTo(to.Secret)
	}
	if to.Node != nil {
		bound.Node = refTo(to.Node)
	}
	if warnAfter != 0 {
		bound.WarnAfter = jwt.NewNumericDate(now.Add(warnAfter))
	}
	return &Claims{
		Claims: jwt.Claims{
			Subject:   authserviceaccount.MakeUsername(account.Namespace, account.Name),
			Audience:  audiences,
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			Expiry:    jwt.NewNumericDate(now.Add(life)),
			ID:        uuid.NewString(),
		},
		Kubernetes: bound,
	}
}

// NewLegacyClaims makes the claims of the token to be put into a secret.
func NewLegacyClaims(account *corev1.ServiceAccount, secret *corev1.Secret) *Claims {
	return &Claims{
		Claims: jwt.Claims{Issuer: LegacyIssuer, Subject: authserviceaccount.MakeUsername(account.Namespace, account.Name)},
		Legacy: Legacy{account.Namespace, secret.Name, account.Name, string(account.UID)},
	}
}

// IsLegacy reports whether the token is one from a secret.
func (c *Claims) IsLegacy() bool { return c.Issuer == LegacyIssuer && c.Kubernetes == nil }

// CredentialID is the id by which user infos and audit events name the token.
func (c *Claims) CredentialID() string {
	if c.ID == "" {
		return ""
	}
	return "JTI=" + c.ID
}

func refTo(obj metav1.Object) *Ref { return &Ref{obj.GetName(), string(obj.GetUID())} }
