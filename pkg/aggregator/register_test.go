package aggregator

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
)

func TestEveryBuiltInGroupIsRegistered(t *testing.T) {
	for _, group := range groups.All() {
		for _, version := range group.Versions {
			gv := schema.GroupVersion{Group: group.Name, Version: version.Name}
			if registered := localAPIService(gv) != nil; registered == (gv.Group == apiregistrationv1.GroupName) {
				t.Errorf("%s is registered: %t", gv, registered)
			}
		}
	}
}

func TestPriorities(t *testing.T) {
	for _, test := range []struct {
		gv             schema.GroupVersion
		name           string
		group, version int32
	}{
		{schema.GroupVersion{Version: "v1"}, "v1.", 18000, 1},
		{schema.GroupVersion{Group: "apps", Version: "v1"}, "v1.apps", 17800, 15},
		{schema.GroupVersion{Group: "autoscaling", Version: "v2"}, "v2.autoscaling", 17500, 30},
		{schema.GroupVersion{Group: "autoscaling", Version: "v1"}, "v1.autoscaling", 17500, 15},
		{schema.GroupVersion{Group: "resource.k8s.io", Version: "v1"}, "v1.resource.k8s.io", 16200, 21},
		{schema.GroupVersion{Group: "resource.k8s.io", Version: "v1beta1"}, "v1beta1.resource.k8s.io", 16200, 9},
		{schema.GroupVersion{Group: "resource.k8s.io", Version: "v1alpha3"}, "v1alpha3.resource.k8s.io", 16200, 1},
	} {
		got := localAPIService(test.gv)
		if got == nil || got.Name != test.name || got.Spec.GroupPriorityMinimum != test.group || got.Spec.VersionPriority != test.version {
			t.Errorf("%s: %+v", test.gv, got)
		}
	}
}

func TestCompletionNamesWhatIsMissing(t *testing.T) {
	c := &completion{missing: map[string]bool{"v1.b": true, "v1.a": true}}
	check := c.check()
	if err := check.Check(nil); err == nil || err.Error() != "missing APIService: [v1.a v1.b]" || c.done() {
		t.Errorf("at first: %v", err)
	}
	service := &apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: "v1.a"}}
	c.seen(service)
	if err := check.Check(nil); err == nil || !strings.Contains(err.Error(), "v1.a") {
		t.Errorf("v1.a is not available yet: %v", err)
	}
	helper.SetAPIServiceCondition(service, helper.NewLocalAvailableAPIServiceCondition())
	c.seen(service)
	c.seen(&apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: "v1.b"}, Status: service.Status})
	c.seen("nonsense")
	if err := check.Check(nil); err != nil || !c.done() {
		t.Errorf("in the end: %v", err)
	}
}
