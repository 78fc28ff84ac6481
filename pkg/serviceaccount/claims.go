package serviceaccount

import (
	"time"

	"github.com/google/uuid"
	"gopkg.in/go-jose/go-jose.v2/jwt"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"
)

// LegacyIssuer is the issuer of the tokens that are stored in secrets. They do
// not expire.
const LegacyIssuer = "kubernetes/serviceaccount"

// Claims are the claims of a token: the registered ones, and either Kubernetes
// or, for a token that is stored in a secret, Legacy.
type Claims struct {
	jwt.Claims
	Kubernetes *Kubernetes `json:"kubernetes.io,omitempty"`
	Legacy
}

// Kubernetes names the service account and the objects to which the token is
// bound. The token is valid as long as all of them exist.
type Kubernetes struct {
	Namespace      string `json:"namespace,omitempty"`
	ServiceAccount Ref    `json:"serviceaccount"`
	Pod            *Ref   `json:"pod,omitempty"`
	Secret         *Ref   `json:"secret,omitempty"`
	// Node is the node to which the token is bound, if Pod is nil. Otherwise it
	// only tells on which node the pod runs.
	Node *Ref `json:"node,omitempty"`
	// WarnAfter is the time after which the client should have requested a new
	// token.
	WarnAfter *jwt.NumericDate `json:"warnafter,omitempty"`
}

// Ref identifies an object.
type Ref struct {
	Name string `json:"name,omitempty"`
	UID  string `json:"uid,omitempty"`
}

// Legacy names the service account of a legacy token and the secret that
// contains the token.
type Legacy struct {
	Namespace          string `json:"kubernetes.io/serviceaccount/namespace,omitempty"`
	SecretName         string `json:"kubernetes.io/serviceaccount/secret.name,omitempty"`
	ServiceAccountName string `json:"kubernetes.io/serviceaccount/service-account.name,omitempty"`
	ServiceAccountUID  string `json:"kubernetes.io/serviceaccount/service-account.uid,omitempty"`
}

// Binding contains the objects to which a token is to be bound. All may be nil.
type Binding struct {
	Pod    *corev1.Pod
	Secret *corev1.Secret
	// Node is the node of the pod or, if Pod is nil, the node to which the
	// token is bound.
	Node *corev1.Node
}

// NewClaims returns the claims of a new token, without an issuer. warnAfter is
// the time after which use of the token is counted as stale; 0 means never.
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

// NewLegacyClaims returns the claims of a token that is to be stored in a
// secret.
func NewLegacyClaims(account *corev1.ServiceAccount, secret *corev1.Secret) *Claims {
	return &Claims{
		Claims: jwt.Claims{Issuer: LegacyIssuer, Subject: authserviceaccount.MakeUsername(account.Namespace, account.Name)},
		Legacy: Legacy{account.Namespace, secret.Name, account.Name, string(account.UID)},
	}
}

// CredentialID returns the identifier of the token in user infos and audit
// events.
func (c *Claims) CredentialID() string {
	if c.ID == "" {
		return ""
	}
	return "JTI=" + c.ID
}

func refTo(obj metav1.Object) *Ref { return &Ref{obj.GetName(), string(obj.GetUID())} }
