package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// badDefinition returns a definition with the given schema and further fields
// of its version.
func badDefinition(schema, more string) string {
	return `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"bads.bad.example.com"},
		"spec":{"group":"bad.example.com","scope":"Namespaced","names":{"plural":"bads","kind":"Bad"},
		"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":` + schema + `}` + more + `}]}}`
}

// TestBadDefinitions sends definitions that cannot be served. Each must be
// refused with a reason; some of them make kube-apiserver panic.
func TestBadDefinitions(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	spec := func(properties string) string {
		return `{"type":"object","properties":{"spec":{"type":"object","properties":{` + properties + `}}}}`
	}
	big := spec(`"a":{"type":"array","items":{"type":"array","items":{"type":"string"}},"x-kubernetes-validations":[{"rule":"self.all(x, self.all(y, x.all(p, y.all(q, p == q))))"}]}`)
	for _, tt := range []badBody{
		{"selectable fields in a schema that is wrong", "POST", "", asJSON,
			badDefinition(`{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":false,"properties":{"a":{"type":"string"}}}}}`,
				`,"selectableFields":[{"jsonPath":".spec.a"}]`),
			422, metav1.StatusReasonInvalid, "x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined"},
		{"no schema", "POST", "", asJSON, strings.Replace(badDefinition(`{"type":"object"}`, ""), `,"schema":{"openAPIV3Schema":{"type":"object"}}`, "", 1), 422,
			metav1.StatusReasonInvalid, "spec.versions[0].schema.openAPIV3Schema: Required value"},
		{"a schema without types", "POST", "", asJSON, badDefinition(`{"properties":{"spec":{}}}`, ""), 422, metav1.StatusReasonInvalid,
			"type: Required value: must not be empty"},
		{"a default of another type", "POST", "", asJSON, badDefinition(spec(`"a":{"type":"string","default":1}`), ""), 422, metav1.StatusReasonInvalid,
			`must be of type string: "integer"`},
		{"a rule that does not compile", "POST", "", asJSON, badDefinition(spec(`"a":{"type":"string","x-kubernetes-validations":[{"rule":"self.nothing ("}]}`), ""),
			422, metav1.StatusReasonInvalid, "compilation failed"},
		{"a rule of another type", "POST", "", asJSON, badDefinition(spec(`"a":{"type":"string","x-kubernetes-validations":[{"rule":"self"}]}`), ""), 422,
			metav1.StatusReasonInvalid, "must evaluate to a bool"},
		{"a rule that costs too much", "POST", "", asJSON, badDefinition(big, ""), 422, metav1.StatusReasonInvalid, "estimated rule cost exceeds budget"},
		{"a reference", "POST", "", asJSON, badDefinition(`{"type":"object","$ref":"#/x"}`, ""), 422, metav1.StatusReasonInvalid,
			"$ref: Forbidden: $ref is not supported"},
		{"a pattern that is none", "POST", "", asJSON, badDefinition(spec(`"a":{"type":"string","pattern":"["}`), ""), 422, metav1.StatusReasonInvalid, "pattern"},
		{"a scale path that is none", "POST", "", asJSON,
			badDefinition(spec(`"a":{"type":"integer"}`), `,"subresources":{"scale":{"specReplicasPath":"a b","statusReplicasPath":"x"}}`), 422,
			metav1.StatusReasonInvalid, "specReplicasPath"},
		{"a field that cannot be selected", "POST", "", asJSON, badDefinition(spec(`"a":{"type":"object"}`), `,"selectableFields":[{"jsonPath":".spec.a"}]`), 422,
			metav1.StatusReasonInvalid, "selectableFields[0].jsonPath"},
		{"two stored versions", "POST", "", asJSON,
			strings.Replace(badDefinition(`{"type":"object"}`, ""), `"versions":[`,
				`"versions":[{"name":"v2","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}},`, 1), 422, metav1.StatusReasonInvalid,
			"exactly one version marked as storage version"},
		{"a name of another resource", "POST", "", asJSON, strings.Replace(badDefinition(`{"type":"object"}`, ""), `"bads.bad`, `"goods.bad`, 1), 422,
			metav1.StatusReasonInvalid, `must be spec.names.plural+"."+spec.group`},
		{"a protected group", "POST", "", asJSON, strings.ReplaceAll(badDefinition(`{"type":"object"}`, ""), "bad.example.com", "bad.k8s.io"), 422,
			metav1.StatusReasonInvalid, "protected groups must have approval annotation"},
		{"a webhook without its place", "POST", "", asJSON,
			strings.Replace(badDefinition(`{"type":"object"}`, ""), `"scope"`, `"conversion":{"strategy":"Webhook"},"scope"`, 1), 422, metav1.StatusReasonInvalid,
			"conversion.webhookClientConfig: Required value"},
		{"a deep schema", "POST", "", asJSON,
			badDefinition(strings.Repeat(`{"type":"object","properties":{"a":`, 3000)+`{"type":"object"}`+strings.Repeat("}}", 3000), ""), 0, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := send(t, s.Config, request{method: tt.method, path: definitionsPath + tt.path, body: []byte(tt.body), headers: []string{"Content-Type", tt.contentType}})
			if tt.code == 0 {
				if r.code < 200 || r.code >= 500 {
					t.Errorf("%d %s", r.code, r.body)
				}
				return
			}
			checkRefused(t, r, tt.code, tt.reason, tt.message)
		})
	}
}

// TestBadCustomResources sends objects that are invalid according to their
// definition, or that cannot be decoded.
func TestBadCustomResources(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	ensureNamespace(t, s, "bad")
	crd := establish(t, s.Config, definition("bad.example.com", "things", "Thing", `{"type":"object","properties":{"spec":{"type":"object","properties":{
		"n":{"type":"integer","maximum":9},
		"list":{"type":"array","maxItems":3,"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"]},
		"any":{"x-kubernetes-int-or-string":true},
		"text":{"type":"string","maxLength":20}},
		"x-kubernetes-validations":[{"rule":"!has(self.n) || self.n != 7","message":"seven is out"},{"rule":"!has(self.text) || int(self.text) > 0"}]}}}`))
	path := "/apis/" + crd.Spec.Group + "/v1/namespaces/bad/things"
	thing := func(spec string) string {
		return `{"apiVersion":"bad.example.com/v1","kind":"Thing","metadata":{"name":"x"},"spec":` + spec + `}`
	}
	for _, tt := range []badBody{
		{"protobuf", "POST", "", asProto, "k8s\x00\x0a\x1b\x0a\x12bad.example.com/v1\x12\x05Thing", 415, metav1.StatusReasonUnsupportedMediaType,
			"accepted media types include: application/json, application/yaml"},
		{"protobuf with parameters", "POST", "", asProto + ";type=a", "k8s\x00", 415, metav1.StatusReasonUnsupportedMediaType, ""},
		{"protobuf to replace", "PUT", "/x", asProto, "k8s\x00", 415, metav1.StatusReasonUnsupportedMediaType, ""},
		{"a strategic merge patch", "PATCH", "/x", "application/strategic-merge-patch+json", `{}`, 415, metav1.StatusReasonUnsupportedMediaType,
			"accepted media types include: application/json-patch+json, application/merge-patch+json"},
		{"another kind", "POST", "", asJSON, `{"apiVersion":"bad.example.com/v1","kind":"Other","metadata":{"name":"x"}}`, 422, metav1.StatusReasonInvalid,
			`kind: Invalid value: "Other": must be Thing`},
		{"no kind", "POST", "", asJSON, `{"metadata":{"name":"x"}}`, 400, metav1.StatusReasonBadRequest, ""},
		{"another type", "POST", "", asJSON, thing(`"text"`), 422, metav1.StatusReasonInvalid, `spec in body must be of type object: "string"`},
		{"too large a number", "POST", "", asJSON, thing(`{"n":10}`), 422, metav1.StatusReasonInvalid, "should be less than or equal to 9"},
		{"a fraction", "POST", "", asJSON, thing(`{"n":1.5}`), 422, metav1.StatusReasonInvalid, `must be of type integer: "number"`},
		{"a key twice", "POST", "", asJSON, thing(`{"list":[{"k":"a"},{"k":"a"}]}`), 422, metav1.StatusReasonInvalid, `spec.list[1]: Duplicate value: {"k":"a"}`},
		{"neither int nor string", "POST", "", asJSON, thing(`{"any":true}`), 422, metav1.StatusReasonInvalid, "spec.any"},
		{"a rule", "POST", "", asJSON, thing(`{"n":7}`), 422, metav1.StatusReasonInvalid, "seven is out"},
		{"a rule that fails to run", "POST", "", asJSON, thing(`{"text":"x"}`), 422, metav1.StatusReasonInvalid, "spec"},
		{"an unknown field", "POST", "?fieldValidation=Strict", asJSON, thing(`{"m":7}`), 400, metav1.StatusReasonBadRequest,
			`strict decoding error: unknown field "spec.m"`},
		{"a field twice", "POST", "?fieldValidation=Strict", asJSON, thing(`{"n":1,"n":2}`), 400, metav1.StatusReasonBadRequest,
			`strict decoding error: duplicate field "spec.n"`},
		{"bad metadata", "POST", "", asJSON, strings.Replace(thing(`{}`), `"name":"x"`, `"name":"x","labels":{"a":1}`, 1), 400, metav1.StatusReasonBadRequest, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := send(t, s.Config, request{method: tt.method, path: path + tt.path, body: []byte(tt.body), headers: []string{"Content-Type", tt.contentType}})
			checkRefused(t, r, tt.code, tt.reason, tt.message)
		})
	}
}
