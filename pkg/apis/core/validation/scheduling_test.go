package validation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

const (
	badLabelKey = `Invalid value: "": name part must be non-empty`
	badLabelRE  = `Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`
)

func TestTolerations(t *testing.T) {
	for name, c := range map[string]struct {
		toleration corev1.Toleration
		want       []string
	}{
		"equal":      {corev1.Toleration{Key: "a", Operator: "Equal", Value: "b", Effect: "NoSchedule"}, nil},
		"default":    {corev1.Toleration{Key: "a", Value: "b"}, nil},
		"everything": {corev1.Toleration{Operator: "Exists"}, nil},
		"seconds":    {corev1.Toleration{Key: "a", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: ptr.To[int64](1)}, nil},
		"no key": {corev1.Toleration{}, []string{
			"f[0].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which means \"match all values and all keys\""}},
		"seconds without effect": {corev1.Toleration{Key: "a", Operator: "Exists", TolerationSeconds: ptr.To[int64](1)}, []string{
			"f[0].effect: Invalid value: \"\": effect must be 'NoExecute' when `tolerationSeconds` is set"}},
		"value with exists": {corev1.Toleration{Key: "a", Operator: "Exists", Value: "b"}, []string{
			"f[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'"}},
		"operator": {corev1.Toleration{Key: "a", Operator: "In"}, []string{
			`f[0].operator: Unsupported value: "In": supported values: "Equal", "Exists"`}},
		"comparison": {corev1.Toleration{Key: "a", Operator: "Gt"}, []string{
			`f[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"`}},
		"effect": {corev1.Toleration{Key: "a", Effect: "x"}, []string{
			`f[0].effect: Unsupported value: "x": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"`}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, ValidateTolerations([]corev1.Toleration{c.toleration}, false, root), c.want...)
		})
	}
}

func TestComparingTolerations(t *testing.T) {
	for name, c := range map[string]struct {
		compare bool
		value   string
		want    []string
	}{
		"refused":          {false, "5", []string{`f[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"`}},
		"allowed":          {true, "-5", nil},
		"not the shortest": {true, "05", []string{`f[0].value: Invalid value: "05": must be a valid decimal integer in canonical form`}},
		"too large": {true, "99999999999999999999", []string{
			`f[0].value: Invalid value: "99999999999999999999": strconv.ParseInt: parsing "99999999999999999999": value out of range`}},
		"empty": {true, "", []string{`f[0].value: Invalid value: "": must be non-empty`,
			`f[0].value: Invalid value: "": strconv.ParseInt: parsing "": invalid syntax`}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, ValidateTolerations([]corev1.Toleration{{Key: "a", Operator: "Gt", Value: c.value}}, c.compare, root), c.want...)
		})
	}
}

func TestTaints(t *testing.T) {
	expect(t, ValidateTaints([]corev1.Taint{
		{Key: "a", Effect: "NoSchedule"}, {Key: "a", Effect: "NoExecute"},
		{},
		{Key: "a", Value: "again", Effect: "NoSchedule"},
	}, root),
		"f[2].key: "+badLabelKey, "f[2].key: "+badLabelRE, "f[2].effect: Required value",
		`f[3]: Duplicate value: {"Key":"a","Value":"again","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair`)
}

func TestNodeSelector(t *testing.T) {
	expression := func(key string, op corev1.NodeSelectorOperator, values ...string) *corev1.NodeSelector {
		return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: op, Values: values}}}}}
	}
	field := func(key string, op corev1.NodeSelectorOperator, values ...string) *corev1.NodeSelector {
		return &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchFields: []corev1.NodeSelectorRequirement{{Key: key, Operator: op, Values: values}}}}}
	}
	const e, f = "f.nodeSelectorTerms[0].matchExpressions[0].", "f.nodeSelectorTerms[0].matchFields[0]."
	for name, c := range map[string]struct {
		selector *corev1.NodeSelector
		want     []string
	}{
		"in":         {expression("zone", "In", "a", "b"), nil},
		"gt":         {expression("mem", "Gt", "4"), nil},
		"name":       {field("metadata.name", "NotIn", "node-a"), nil},
		"empty term": {&corev1.NodeSelector{NodeSelectorTerms: make([]corev1.NodeSelectorTerm, 1)}, nil},
		"no terms":   {&corev1.NodeSelector{}, []string{"f.nodeSelectorTerms: Required value: must have at least one node selector term"}},
		"in nothing": {expression("zone", "In"), []string{e + "values: Required value: must be specified when `operator` is 'In' or 'NotIn'"}},
		"exists":     {expression("zone", "Exists", "a"), []string{e + "values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"}},
		"lt":         {expression("mem", "Lt", "1", "2"), []string{e + "values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"}},
		"operator":   {expression("mem", "="), []string{e + `operator: Invalid value: "=": not a valid selector operator`}},
		"key":        {expression("", "Exists"), []string{e + "key: " + badLabelKey, e + "key: " + badLabelRE}},
		"field": {field("spec.x", "Exists"),
			[]string{f + `operator: Invalid value: "Exists": not a valid selector operator`, f + `key: Invalid value: "spec.x": not a valid field selector key`}},
		"two names": {field("metadata.name", "In", "a", "b"),
			[]string{f + "values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector"}},
	} {
		t.Run(name, func(t *testing.T) { expect(t, ValidateNodeSelector(c.selector, false, root), c.want...) })
	}
	bad := expression("zone", "In", "a b")
	if errs := ValidateNodeSelector(bad, false, root); len(errs) != 1 {
		t.Errorf("invalid label value: %v", errs)
	}
	expect(t, ValidateNodeSelector(bad, true, root))
}
