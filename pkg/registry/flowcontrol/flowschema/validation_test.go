package flowschema

import (
	"fmt"
	"strings"
	"testing"

	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	flowcontrolbootstrap "k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap"
)

func valid() *flowcontrolv1.FlowSchema {
	return &flowcontrolv1.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: "mine"},
		Spec: flowcontrolv1.FlowSchemaSpec{
			PriorityLevelConfiguration: flowcontrolv1.PriorityLevelConfigurationReference{Name: "workload-low"},
			MatchingPrecedence:         500,
			Rules: []flowcontrolv1.PolicyRulesWithSubjects{{
				Subjects: []flowcontrolv1.Subject{{Kind: flowcontrolv1.SubjectKindServiceAccount,
					ServiceAccount: &flowcontrolv1.ServiceAccountSubject{Namespace: "a", Name: "*"}}},
				ResourceRules:    []flowcontrolv1.ResourcePolicyRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}, Namespaces: []string{"*"}}},
				NonResourceRules: []flowcontrolv1.NonResourcePolicyRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz", "/healthz/*"}}},
			}},
		},
	}
}

func TestValidate(t *testing.T) {
	type (
		schema = flowcontrolv1.FlowSchema
		rules  = flowcontrolv1.PolicyRulesWithSubjects
	)
	const verbs = `supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"`
	for want, change := range map[string]func(*schema, *rules){
		"": func(*schema, *rules) {},
		`spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000`: func(s *schema, _ *rules) {
			s.Spec.MatchingPrecedence = 10001
		},
		`spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1`: func(s *schema, _ *rules) {
			s.Spec.MatchingPrecedence = 1
		},
		`spec.distinguisherMethod.type: Unsupported value: {"Type":"ByDay"}: supported values: "ByNamespace", "ByUser"`: func(s *schema, _ *rules) {
			s.Spec.DistinguisherMethod = &flowcontrolv1.FlowDistinguisherMethod{Type: "ByDay"}
		},
		`spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'` +
			` spec.rules[0].subjects[0].serviceAccount: Forbidden: serviceAccount is forbidden when subject kind is not 'ServiceAccount'`: func(_ *schema, rule *rules) {
			rule.Subjects[0].Kind = flowcontrolv1.SubjectKindUser
		},
		`spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`: func(_ *schema, rule *rules) {
			rule.Subjects[0].Kind = "Robot"
		},
		`spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`: func(_ *schema, rule *rules) {
			rule.ResourceRules[0].Namespaces = nil
		},
		`spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`: func(_ *schema, rule *rules) {
			rule.ResourceRules[0].Verbs = []string{"*", "get"}
		},
		`spec.rules[0].nonResourceRules[0].verbs: Unsupported value: ["get","look"]: ` + verbs: func(_ *schema, rule *rules) {
			rule.NonResourceRules[0].Verbs = []string{"get", "look"}
		},
		`spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/hea*": wildcard can only do suffix matching`: func(_ *schema, rule *rules) {
			rule.NonResourceRules[0].NonResourceURLs[1] = "/hea*"
		},
	} {
		s := valid()
		change(s, &s.Spec.Rules[0])
		if got := strings.Trim(fmt.Sprint(Resource.ValidateNew(t.Context(), s)), "[]"); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
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
