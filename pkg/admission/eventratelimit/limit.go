package eventratelimit

import (
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/lru"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// The types of limits: what has a limit of its own.
const (
	ofServer          = "Server"
	ofNamespace       = "Namespace"
	ofUser            = "User"
	ofSourceAndObject = "SourceAndObject"
)

// defaultCacheSize is how many limits of a type are kept if the configuration
// does not say.
const defaultCacheSize = 4096

// configuration is Configuration of eventratelimit.admission.k8s.io/v1alpha1.
type configuration struct {
	Limits []limit `json:"limits"`
}

type limit struct {
	Type string `json:"type"`
	// QPS is how many events per second are accepted in the long run, and Burst how
	// many at once.
	QPS   int32 `json:"qps"`
	Burst int32 `json:"burst"`
	// CacheSize is how many namespaces, users or sources are remembered.
	CacheSize int32 `json:"cacheSize"`
}

func (c *configuration) validate() field.ErrorList {
	path := field.NewPath("limits")
	if len(c.Limits) == 0 {
		return field.ErrorList{field.Invalid(path, nil, "must not be empty")}
	}
	var errs field.ErrorList
	for i, l := range c.Limits {
		switch l.Type {
		case ofServer, ofNamespace, ofUser, ofSourceAndObject:
		default:
			known := []string{ofServer, ofNamespace, ofUser, ofSourceAndObject}
			errs = append(errs, field.NotSupported(path.Index(i).Child("type"), l.Type, known))
		}
		if l.Burst <= 0 {
			errs = append(errs, field.Invalid(path.Index(i).Child("burst"), l.Burst, "must be positive"))
		}
		if l.QPS <= 0 {
			errs = append(errs, field.Invalid(path.Index(i).Child("qps"), l.QPS, "must be positive"))
		}
		if l.CacheSize < 0 {
			errs = append(errs, field.Invalid(path.Index(i).Child("cacheSize"), l.CacheSize, "must not be negative"))
		}
	}
	return errs
}

// limiter has a token bucket for each key that was used lately.
type limiter struct {
	limit
	mu      sync.Mutex
	buckets *lru.Cache
}

func newLimiter(l limit) *limiter {
	size := int(l.CacheSize)
	if size == 0 {
		size = defaultCacheSize
	}
	return &limiter{limit: l, buckets: lru.New(size)}
}

// key returns what the event is counted for.
func (l *limiter) key(a admission.Attributes, event *corev1.Event) string {
	switch l.Type {
	case ofNamespace:
		return a.GetNamespace()
	case ofUser:
		return a.GetUserInfo().GetName()
	case ofSourceAndObject:
		object := event.InvolvedObject
		return strings.Join([]string{event.Source.Component, event.Source.Host,
			object.Kind, object.Namespace, object.Name, string(object.UID), object.APIVersion}, "")
	}
	return ""
}

func (l *limiter) accept(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, found := l.buckets.Get(key)
	if !found {
		bucket = flowcontrol.NewTokenBucketRateLimiter(float32(l.QPS), int(l.Burst))
		l.buckets.Add(key, bucket)
	}
	return bucket.(flowcontrol.RateLimiter).TryAccept()
}
