// Package resourcequota implements the controller that keeps the status of resource
// quotas right: the limits that are in force, and what the objects of the namespace
// use. The admission plugin ResourceQuota adds to this what it admits; the controller
// finds what is used at first, and what has been given back.
package resourcequota

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/quota"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "resourcequota-controller"

const (
	// period is how often each quota is calculated anew in any case. It is the
	// default of kube-controller-manager's --resource-quota-sync-period.
	period = 5 * time.Minute
	// settling is how long a quota must have been unchanged before its usage is
	// lowered. The plugin counts an object shortly before it is stored: in this time
	// fewer objects can be listed than have been admitted.
	settling = 500 * time.Millisecond
	// absent is how often the controller looks for a resource that a quota limits
	// and that is not served, such as one whose definition does not exist yet.
	absent = 10 * time.Second
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "resourcequota",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("resourcequotas")},
		New: func(d controllers.Deps) *controllers.Loop {
			quotas := d.Informers.Core().V1().ResourceQuotas()
			c := &controller{client: d.Client, quotas: quotas.Lister(), changed: map[string]time.Time{}}
			c.objects = newObjects(d.Client, d.Metadata)
			c.objects.updated, c.objects.deleted = c.updated, c.calculate
			c.evaluators = quota.NewConfiguration(d.Client, c.objects.lister).Evaluators()
			c.loop = &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(quotas.Informer(), c.note)},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type controller struct {
	client     kubernetes.Interface
	quotas     corelisters.ResourceQuotaLister
	evaluators []apiquota.Evaluator
	objects    *objects
	loop       *controllers.Loop

	mu sync.Mutex
	// changed tells when the last change of a quota was seen, by key.
	changed map[string]time.Time
}

// note remembers that a quota has changed. It returns the key of a quota that is new,
// and of one whose limits are not in force. Other changes are those of the usage.
func (c *controller) note(q *corev1.ResourceQuota) []string {
	key := cache.MetaObjectToName(q).String()
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.changed[key]
	c.changed[key] = time.Now()
	if known && apiquota.Equals(q.Spec.Hard, q.Status.Hard) {
		return nil
	}
	return []string{key}
}

// calculate calculates the quotas of a namespace anew, after a while in which more
// objects may change.
func (c *controller) calculate(namespace string) {
	for _, q := range c.in(namespace) {
		c.loop.AddAfter(cache.MetaObjectToName(q).String(), settling)
	}
}

// updated is called when an object has changed: it may use less, or be in the scope
// of other quotas.
func (c *controller) updated(e apiquota.Evaluator, namespace string, old, obj runtime.Object) {
	quotas := c.in(namespace)
	if len(quotas) == 0 {
		return
	}
	before, _ := e.Usage(old) // errors are reported by sync
	after, _ := e.Usage(obj)
	differs := !apiquota.Equals(before, after)
	for _, q := range quotas {
		matched, _ := e.Matches(q, old)
		matches, _ := e.Matches(q, obj)
		differs = differs || matched != matches
	}
	if differs {
		c.calculate(namespace)
	}
}

func (c *controller) in(namespace string) []*corev1.ResourceQuota {
	quotas, err := c.quotas.ResourceQuotas(namespace).List(labels.Everything())
	if err != nil {
		utilruntime.HandleError(err)
	}
	return quotas
}

// sync calculates what the objects use that a quota limits, and writes its status.
func (c *controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	q, err := c.quotas.ResourceQuotas(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return c.forget(key)
	}
	if err != nil {
		return err
	}
	used, complete, err := c.usage(ctx, q)
	if err != nil {
		return err
	}
	if !complete {
		c.loop.AddAfter(key, absent)
	}
	c.loop.AddAfter(key, period)
	inForce := apiquota.Equals(q.Spec.Hard, q.Status.Hard)
	if inForce && apiquota.Equals(used, q.Status.Used) {
		return nil
	}
	if wait := settling - c.unchanged(key); inForce && wait > 0 && lowers(used, q.Status.Used) {
		c.loop.AddAfter(key, wait)
		return nil
	}
	// What is being created meanwhile is found by another look.
	c.loop.AddAfter(key, settling)
	q = q.DeepCopy()
	q.Status = corev1.ResourceQuotaStatus{Hard: q.Spec.Hard, Used: used}
	_, err = c.client.CoreV1().ResourceQuotas(namespace).UpdateStatus(ctx, q, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) {
		c.loop.AddAfter(key, settling)
		return nil
	}
	return err
}

// unchanged returns for how long no change of a quota has been seen.
func (c *controller) unchanged(key string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.changed[key])
}

// forget drops what is known of a quota that has been deleted, and the objects that
// no other quota limits.
func (c *controller) forget(key string) error {
	c.mu.Lock()
	delete(c.changed, key)
	c.mu.Unlock()
	quotas, err := c.quotas.List(labels.Everything())
	if err != nil {
		return err
	}
	limited := map[schema.GroupResource]bool{}
	for _, q := range quotas {
		for _, e := range c.evaluatorsOf(q) {
			limited[e.GroupResource()] = true
		}
	}
	c.objects.keep(limited)
	return nil
}

// lowers reports whether some usage is less than before.
func lowers(used, before corev1.ResourceList) bool {
	for name, quantity := range used {
		if old, ok := before[name]; ok && quantity.Cmp(old) < 0 {
			return true
		}
	}
	return false
}
