package compat_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// differencesFile lists what the definitions of Kubernetes 1.37 have in other ways
// than those of v1.36.3.
const differencesFile = "testdata/definitions-1.37.txt"

var updateDefinitions = flag.Bool("update-definitions", false, "write the differences of the definitions to "+differencesFile)

// swagger is an OpenAPI v2 document, as far as it is compared.
type swagger struct {
	Paths       map[string]map[string]any `json:"paths"`
	Definitions map[string]spec.Schema    `json:"definitions"`
}

// definition is a definition as definitions.json has it.
type definition struct {
	GVK        []string          `json:"gvk"`
	Properties map[string]string `json:"properties"`
	Required   []string          `json:"required"`
}

// TestOpenAPI compares the documents with kube-apiserver's: every operation, and
// the properties of every definition. What 1.37 has changed is listed in a file.
func TestOpenAPI(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--emulated-version=1.36", gates}})
	var doc swagger
	get(t, s.Config, "/openapi/v2", "application/json", &doc)
	operations := operationsOf(doc)
	data, err := os.ReadFile("testdata/operations.tsv")
	testutil.Check(t, err)
	_, recorded, _ := strings.Cut(strings.TrimSuffix(string(data), "\n"), "\n")
	if diff := cmp.Diff(strings.Split(recorded, "\n"), operations); diff != "" {
		t.Errorf("operations (-kube-apiserver +this server):\n%s", diff)
	}
	t.Run("definitions", func(t *testing.T) { checkDefinitions(t, doc) })

	t.Run("v3", func(t *testing.T) {
		var index struct {
			Paths map[string]struct {
				ServerRelativeURL string `json:"serverRelativeURL"`
			} `json:"paths"`
		}
		get(t, s.Config, "/openapi/v3", "application/json", &index)
		all := swagger{Paths: map[string]map[string]any{}, Definitions: map[string]spec.Schema{}}
		for _, link := range index.Paths {
			var v3 spec3.OpenAPI
			get(t, s.Config, link.ServerRelativeURL, "application/json", &v3)
			var plain swagger
			get(t, s.Config, link.ServerRelativeURL, "application/json", &plain)
			maps.Copy(all.Paths, plain.Paths)
			for name, schema := range v3.Components.Schemas {
				all.Definitions[name] = *schema
			}
		}
		if diff := cmp.Diff(operations, operationsOf(all)); diff != "" {
			t.Errorf("operations (-v2 +v3):\n%s", diff)
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(doc.Definitions)), slices.Sorted(maps.Keys(all.Definitions))); diff != "" {
			t.Errorf("definitions (-v2 +v3):\n%s", diff)
		}
	})
}

// operationsOf lists the operations of a document as operations.tsv does.
func operationsOf(doc swagger) (lines []string) {
	for name, item := range doc.Paths {
		for method, value := range item {
			operation, ok := value.(map[string]any)
			if !ok { // the parameters of all methods
				continue
			}
			action, _ := operation["x-kubernetes-action"].(string)
			var kind string
			if gvk, ok := operation["x-kubernetes-group-version-kind"].(map[string]any); ok {
				kind = path.Join(gvk["group"].(string), gvk["version"].(string), gvk["kind"].(string))
			}
			lines = append(lines, strings.Join([]string{strings.ToUpper(method), name, action, kind}, "\t"))
		}
	}
	// The file is sorted by path, then by method.
	byPath := func(line string) string {
		fields := strings.Split(line, "\t")
		return fields[1] + "\t" + fields[0]
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(byPath(a), byPath(b)) })
	return lines
}

// checkDefinitions compares the definitions with the recorded ones.
func checkDefinitions(t *testing.T, doc swagger) {
	var recorded map[string]definition
	decodeFile(t, "testdata/definitions.json", &recorded)
	var lines []string
	for name, want := range recorded {
		schema, ok := doc.Definitions[name]
		if !ok {
			lines = append(lines, "- "+name)
			continue
		}
		lines = append(lines, differencesOf(name, want, define(schema))...)
	}
	for name := range doc.Definitions {
		if _, ok := recorded[name]; !ok {
			lines = append(lines, "+ "+name)
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	got := strings.Join(lines, "\n") + "\n"
	if *updateDefinitions {
		testutil.Check(t, os.WriteFile(differencesFile, []byte(got), 0o644))
	}
	want, err := os.ReadFile(differencesFile)
	testutil.Check(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-listed +found):\n%s", differencesFile, diff)
	}
}

// define reduces a schema to what definitions.json has.
func define(schema spec.Schema) definition {
	d := definition{Properties: map[string]string{}, Required: schema.Required}
	for name, property := range schema.Properties {
		d.Properties[name] = typeName(property)
	}
	if kinds, ok := schema.Extensions["x-kubernetes-group-version-kind"].([]any); ok {
		for _, kind := range kinds {
			gvk := kind.(map[string]any)
			d.GVK = append(d.GVK, fmt.Sprintf("%s/%s/%s", gvk["group"], gvk["version"], gvk["kind"]))
		}
	}
	return d
}

func typeName(schema spec.Schema) string {
	if ref := schema.Ref.String(); ref != "" {
		return path.Base(ref)
	}
	name := strings.Join(schema.Type, "")
	if schema.Items != nil && schema.Items.Schema != nil {
		name += ":" + typeName(*schema.Items.Schema)
	}
	return name
}

// differencesOf lists the differences of two definitions, one in a line. The
// versions that have DeleteOptions and watch events are left out: kube-apiserver
// names those that it does not serve any more as well.
func differencesOf(name string, want, got definition) (lines []string) {
	line := func(sign, format string, args ...any) {
		lines = append(lines, sign+" "+name+" "+fmt.Sprintf(format, args...))
	}
	compare := func(what string, want, got []string) {
		for _, w := range want {
			if !slices.Contains(got, w) {
				line("-", "%s %s", what, w)
			}
		}
		for _, g := range got {
			if !slices.Contains(want, g) {
				line("+", "%s %s", what, g)
			}
		}
	}
	properties := func(d definition) (list []string) {
		for name, t := range d.Properties {
			list = append(list, name+": "+t)
		}
		slices.Sort(list)
		return list
	}
	compare("property", properties(want), properties(got))
	compare("required", want.Required, got.Required)
	if !strings.HasSuffix(name, ".DeleteOptions") && !strings.HasSuffix(name, ".WatchEvent") {
		compare("kind", want.GVK, got.GVK)
	}
	return lines
}
