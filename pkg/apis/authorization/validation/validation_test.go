package validation

import (
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

type (
	resource    = authorizationv1.ResourceAttributes
	nonResource = authorizationv1.NonResourceAttributes
	fieldsOf    = authorizationv1.FieldSelectorAttributes
	labelsOf    = authorizationv1.LabelSelectorAttributes
)

func fieldsBy(r metav1.FieldSelectorRequirement) *resource {
	return &resource{FieldSelector: &fieldsOf{Requirements: []metav1.FieldSelectorRequirement{r}}}
}

func labelsBy(r metav1.LabelSelectorRequirement) *resource {
	return &resource{LabelSelector: &labelsOf{Requirements: []metav1.LabelSelectorRequirement{r}}}
}

func expect(t *testing.T, name, want string, errs field.ErrorList) {
	t.Helper()
	got := ""
	if err := errs.ToAggregate(); err != nil {
		got = err.Error()
	}
	if got != want && (want == "" || !strings.HasPrefix(got, want)) {
		t.Errorf("%s: %s\nwant %s", name, got, want)
	}
}

func TestAttributes(t *testing.T) {
	const path = "spec.resourceAttributes."
	for name, c := range map[string]struct {
		resource    *resource
		nonResource *nonResource
		want        string
	}{
		"resource": {&resource{}, nil, ""},
		"path":     {nil, &nonResource{}, ""},
		"neither":  {nil, nil, `spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified`},
		"both": {&resource{}, &nonResource{Path: "/p", Verb: "get"},
			`spec.nonResourceAttributes: Invalid value: {"Path":"/p","Verb":"get"}: cannot be specified in combination with resourceAttributes`},
		"raw": {&resource{FieldSelector: &fieldsOf{RawSelector: "a=b"}, LabelSelector: &labelsOf{RawSelector: "odd!"}}, nil, ""},
		"no fields": {&resource{FieldSelector: &fieldsOf{}}, nil,
			path + "fieldSelector.requirements: Required value: when " + path + "fieldSelector is specified, requirements or rawSelector is required"},
		"no labels": {&resource{LabelSelector: &labelsOf{}}, nil,
			path + "labelSelector.requirements: Required value: when " + path + "labelSelector is specified, requirements or rawSelector is required"},
		"field":        {fieldsBy(metav1.FieldSelectorRequirement{Key: "k", Operator: "In", Values: []string{"v"}}), nil, ""},
		"field future": {fieldsBy(metav1.FieldSelectorRequirement{Key: "k", Operator: "Near"}), nil, ""},
		"field key": {fieldsBy(metav1.FieldSelectorRequirement{Operator: "Near"}), nil,
			path + "fieldSelector.requirements[0].key: Required value: must be specified"},
		"field values": {fieldsBy(metav1.FieldSelectorRequirement{Key: "k", Operator: "In"}), nil,
			path + "fieldSelector.requirements[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'"},
		"label":        {labelsBy(metav1.LabelSelectorRequirement{Key: "k", Operator: "Exists"}), nil, ""},
		"label future": {labelsBy(metav1.LabelSelectorRequirement{Key: "k", Operator: "Near"}), nil, ""},
		"label values": {labelsBy(metav1.LabelSelectorRequirement{Key: "k", Operator: "Exists", Values: []string{"v"}}), nil,
			path + "labelSelector.requirements[0].values: Forbidden: may not be specified"},
		"two forms": {&resource{LabelSelector: &labelsOf{RawSelector: "a", Requirements: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Exists"}}}}, nil,
			path + `labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements`},
	} {
		self := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: c.resource,
			NonResourceAttributes: c.nonResource}}
		expect(t, name+", self", c.want, ValidateSelfSubjectAccessReview(self))
		sar := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{Groups: []string{"g"}, ResourceAttributes: c.resource,
			NonResourceAttributes: c.nonResource}}
		expect(t, name+", subject", c.want, ValidateSubjectAccessReview(sar))
	}
}

func TestSubjectAndMetadata(t *testing.T) {
	spec := authorizationv1.SubjectAccessReviewSpec{User: "u", ResourceAttributes: &resource{}}
	nobody := spec
	nobody.User = ""
	managed := []metav1.ManagedFieldsEntry{{Manager: "m"}}
	for name, c := range map[string]struct {
		meta metav1.ObjectMeta
		spec authorizationv1.SubjectAccessReviewSpec
		want string
	}{
		"user":    {metav1.ObjectMeta{}, spec, ""},
		"managed": {metav1.ObjectMeta{ManagedFields: managed}, spec, ""},
		"nobody":  {metav1.ObjectMeta{}, nobody, `spec.user: Invalid value: "": at least one of user or group must be specified`},
		"name": {metav1.ObjectMeta{Name: "n", ManagedFields: managed}, spec,
			`metadata: Invalid value: {"name":"n","managedFields":[{"manager":"m"}]}: must be empty`},
		"two": {metav1.ObjectMeta{Name: "n"}, nobody,
			`[spec.user: Invalid value: "": at least one of user or group must be specified, metadata: Invalid value: {"name":"n"}: must be empty]`},
	} {
		expect(t, name, c.want, ValidateSubjectAccessReview(&authorizationv1.SubjectAccessReview{ObjectMeta: c.meta, Spec: c.spec}))
	}
}

func TestLocal(t *testing.T) {
	here := &resource{Namespace: "here"}
	for name, c := range map[string]struct {
		meta        metav1.ObjectMeta
		resource    *resource
		nonResource *nonResource
		want        string
	}{
		"here":      {metav1.ObjectMeta{Namespace: "here"}, here, nil, ""},
		"elsewhere": {metav1.ObjectMeta{Namespace: "there"}, here, nil, `spec.resourceAttributes.namespace: Invalid value: "here": must match metadata.namespace`},
		"name": {metav1.ObjectMeta{Namespace: "here", Name: "n"}, here, nil,
			`metadata: Invalid value: {"name":"n","namespace":"here"}: must be empty except for namespace`},
		"path": {metav1.ObjectMeta{Namespace: "here"}, nil, &nonResource{Path: "/p"},
			`spec.nonResourceAttributes: Invalid value: {"Path":"/p","Verb":""}: disallowed on this kind of request`},
	} {
		spec := authorizationv1.SubjectAccessReviewSpec{User: "u", ResourceAttributes: c.resource, NonResourceAttributes: c.nonResource}
		expect(t, name, c.want, ValidateLocalSubjectAccessReview(&authorizationv1.LocalSubjectAccessReview{ObjectMeta: c.meta, Spec: spec}))
	}
}
