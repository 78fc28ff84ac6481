// Package ttlafterfinished implements the controller that deletes jobs the time
// after they have finished that their spec.ttlSecondsAfterFinished says.
package ttlafterfinished

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedbatchv1 "k8s.io/client-go/kubernetes/typed/batch/v1"
	batchlisters "k8s.io/client-go/listers/batch/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "ttl-after-finished-controller"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "ttl-after-finished",
		Needs: []schema.GroupVersionResource{batchv1.SchemeGroupVersion.WithResource("jobs")},
		New: func(d controllers.Deps) *controllers.Loop {
			jobs := d.Informers.Batch().V1().Jobs()
			c := &controller{client: d.Client.BatchV1(), jobs: jobs.Lister()}
			c.loop = &controllers.Loop{
				Workers: 5,
				Watches: []controllers.Watch{controllers.On(jobs.Informer(), expiring)},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type controller struct {
	client typedbatchv1.JobsGetter
	jobs   batchlisters.JobLister
	loop   *controllers.Loop
}

// expiring returns the key of a job that will have to be deleted.
func expiring(job *batchv1.Job) []string {
	if job.DeletionTimestamp != nil || job.Spec.TTLSecondsAfterFinished == nil || finished(job) == nil {
		return nil
	}
	return controllers.Self(job)
}

// finished returns the condition of a job that says that it has finished, or nil.
func finished(job *batchv1.Job) *batchv1.JobCondition {
	for i, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return &job.Status.Conditions[i]
		}
	}
	return nil
}

// sync deletes a job whose time is over, or comes back when it will be.
func (c *controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	job, err := c.jobs.Jobs(namespace).Get(name)
	if expired, err := c.expired(key, job, err); !expired {
		return err
	}
	// The time may have been changed a moment ago.
	job, err = c.client.Jobs(namespace).Get(ctx, name, metav1.GetOptions{})
	if expired, err := c.expired(key, job, err); !expired {
		return err
	}
	err = c.client.Jobs(namespace).Delete(ctx, name, metav1.DeleteOptions{
		PropagationPolicy: ptr.To(metav1.DeletePropagationForeground), Preconditions: metav1.NewUIDPreconditions(string(job.UID))})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// expired reports whether a job that was read has to be deleted now. If it has to be
// deleted later, its key is added again then.
func (c *controller) expired(key string, job *batchv1.Job, err error) (bool, error) {
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil || len(expiring(job)) == 0 {
		return false, err
	}
	at := finished(job).LastTransitionTime
	if at.IsZero() {
		return false, fmt.Errorf("the job %s has finished at an unknown time", key)
	}
	left := time.Until(at.Add(time.Duration(*job.Spec.TTLSecondsAfterFinished) * time.Second))
	if left > 0 {
		c.loop.AddAfter(key, left)
	}
	return left <= 0, nil
}
