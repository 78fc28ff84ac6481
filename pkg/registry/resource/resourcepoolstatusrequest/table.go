package resourcepoolstatusrequest

import (
	"fmt"
	"strconv"

	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type (
	status = resourcev1alpha3.ResourcePoolStatusRequestStatus
	pool   = resourcev1alpha3.PoolStatus
)

var columns = []registry.Column[object]{
	registry.NameColumn[object](),
	{Name: "Driver", Description: "The driver to query pools for.", Cell: func(r object) any { return r.Spec.Driver }},
	{Name: "Total", Description: "Total number of devices across all pools.", Cell: sum(func(p *pool) *int32 { return p.TotalDevices })},
	{Name: "Available", Description: "Number of available devices across all pools.",
		Cell: sum(func(p *pool) *int32 { return p.AvailableDevices })},
	{Name: "Allocated", Description: "Number of allocated devices across all pools.",
		Cell: sum(func(p *pool) *int32 { return p.AllocatedDevices })},
	{Name: "Unavailable", Description: "Number of unavailable devices across all pools.",
		Cell: sum(func(p *pool) *int32 { return p.UnavailableDevices })},
	{Name: "Errors", Description: "Number of pools with validation errors.", Cell: sum(invalid)},
	{Name: "Pools", Type: "integer", Description: "Total number of matching pools.", Cell: poolCount},
	{Name: "Status", Description: "Processing status.", Cell: progress},
	{Name: "Completed", Description: "Time since the observation completed.", Cell: completed},
}

// sum returns the cell that shows the sum of a number of each pool.
func sum(of func(p *pool) *int32) func(r object) any {
	return func(r object) any {
		if r.Status == nil || progress(r) == failed {
			return "-"
		}
		total := 0
		for i := range r.Status.Pools {
			total += int(ptr.Deref(of(&r.Status.Pools[i]), 0))
		}
		return strconv.Itoa(total)
	}
}

// invalid is 1 for a pool that could not be validated.
func invalid(p *pool) *int32 {
	if p.ValidationError == nil {
		return nil
	}
	return ptr.To[int32](1)
}

func poolCount(r object) any {
	if r.Status == nil {
		return int64(0)
	}
	return int64(ptr.Deref(r.Status.PoolCount, 0))
}

// failed is the progress of a request that could not be answered.
const failed = "Failed"

func progress(r object) any {
	switch {
	case r.Status == nil:
		return "Pending"
	case !isTrue(r.Status, resourcev1alpha3.ResourcePoolStatusRequestConditionComplete):
		if isTrue(r.Status, resourcev1alpha3.ResourcePoolStatusRequestConditionFailed) {
			return failed
		}
		return "Pending"
	}
	if shown, all := len(r.Status.Pools), ptr.Deref(r.Status.PoolCount, 0); shown < int(all) {
		return fmt.Sprintf("Complete (%d/%d pools)", shown, all)
	}
	return "Complete"
}

func completed(r object) any {
	if r.Status != nil {
		if c := meta.FindStatusCondition(r.Status.Conditions, resourcev1alpha3.ResourcePoolStatusRequestConditionComplete); c != nil &&
			c.Status == metav1.ConditionTrue {
			return registry.Age(c.LastTransitionTime)
		}
	}
	return registry.None
}

func isTrue(s *status, condition string) bool {
	return meta.IsStatusConditionTrue(s.Conditions, condition)
}
