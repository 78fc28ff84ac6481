package resourcequota

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"

	"github.com/gatehouse-k8s/gatehouse/pkg/quota"
)

// usage returns what the objects use that a quota limits. It keeps the last known
// usage of resources that are not served; the second result is then false.
func (c *controller) usage(ctx context.Context, q *corev1.ResourceQuota) (used corev1.ResourceList, complete bool, err error) {
	complete = true
	var served []apiquota.Evaluator
	for _, e := range c.evaluatorsOf(q) {
		ok, err := c.objects.follow(ctx, e)
		if err != nil {
			return nil, false, err
		}
		if ok {
			served = append(served, e)
		}
		complete = complete && ok
	}
	used, err = apiquota.CalculateUsage(q.Namespace, q.Spec.Scopes, q.Spec.Hard, generic.NewRegistry(served), q.Spec.ScopeSelector)
	if err != nil {
		return nil, false, err
	}
	for name, quantity := range q.Status.Used {
		if _, known := used[name]; !known {
			used[name] = quantity
		}
	}
	return apiquota.Mask(used, apiquota.ResourceNames(q.Spec.Hard)), complete, nil
}

// evaluatorsOf returns the evaluators of all resources that a quota limits.
func (c *controller) evaluatorsOf(q *corev1.ResourceQuota) (evaluators []apiquota.Evaluator) {
	names := apiquota.ResourceNames(q.Spec.Hard)
	special := quota.Ignored()
	for _, e := range c.evaluators {
		special[e.GroupResource()] = struct{}{}
		if len(e.MatchingResources(names)) > 0 {
			evaluators = append(evaluators, e)
		}
	}
	for _, name := range names {
		counted, ok := strings.CutPrefix(string(name), "count/")
		if !ok {
			continue
		}
		resource := schema.ParseGroupResource(counted)
		if _, ok := special[resource]; !ok {
			list := c.objects.lister(resource.WithVersion(""))
			evaluators = append(evaluators, generic.NewObjectCountEvaluator(resource, list, ""))
		}
	}
	return evaluators
}
