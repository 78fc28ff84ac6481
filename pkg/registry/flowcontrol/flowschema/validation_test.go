package flowschema

import (
	"fmt"
	"strings"
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func valid() *flowcontrolv1.FlowSchema {
	return &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: "mine"},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: "workload-low"},
			MatchingPrecedence:         500,
		},
	}
}

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, valid)
}

func TestMandatoryIsFixed(t *testing.T) {
	for _, mandatory := range flowcontrolbootstrap.MandatoryFlowSchemas {
		s := mandatory.DeepCopy()
		if errs := Resource.ValidateNew(t.Context(), s); len(errs) > 0 {
			t.Errorf("%s: %v", s.Name, errs)
		}
		s.Spec.Rules = nil
		want := fmt.Sprintf("spec of '%s' must equal the fixed value", s.Name)
		if errs := Resource.ValidateChange(t.Context(), "", s, mandatory); len(errs) != 1 || errs[0].Detail != want {
			t.Errorf("%s changed: %v", s.Name, errs)
		}
	}
}

func TestTableIsInTheOrderOfTrying(t *testing.T) {
	list := &flowcontrolv1.FlowSchemaList{}
	for name, precedence := range map[string]int32{"b": 2, "a": 2, "z": 1, "c": 9} {
		s := valid()
		s.Name, s.Spec.MatchingPrecedence = name, precedence
		list.Items = append(list.Items, *s)
	}
	first := list.Items[0].Name
	table, err := newTable().ConvertToTable(t.Context(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range table.Rows {
		names = append(names, row.Cells[0].(string))
	}
	if got := strings.Join(names, ""); got != "zabc" || list.Items[0].Name != first {
		t.Errorf("order %s; the list itself starts with %s, did with %s", got, list.Items[0].Name, first)
	}
}
