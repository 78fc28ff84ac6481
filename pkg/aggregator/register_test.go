package aggregator

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
)

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
