package compat

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Parts splits an OpenAPI document into one answer for each path and each
// definition, reduced to what clients depend on, so that each scores by
// itself. Any other answer is its own only part.
func (a *Answer) Parts() []*Answer {
	if !strings.HasPrefix(a.ID, "openapi/") || a.Code != http.StatusOK {
		return []*Answer{a}
	}
	doc, ok := a.tree().(map[string]any)
	if !ok {
		return []*Answer{a}
	}
	var out []*Answer
	add := func(name string, v any) {
		out = append(out, &Answer{ID: a.ID + " " + name, Code: a.Code, Body: marshal(v)})
	}
	paths, _ := at(doc, "paths").(map[string]any)
	for _, p := range sortedKeys(paths) {
		item, _ := paths[p].(map[string]any)
		add(p, operations(item))
	}
	schemas, ok := at(doc, "definitions").(map[string]any)
	if !ok {
		schemas, _ = at(doc, "components", "schemas").(map[string]any)
	}
	for _, name := range sortedKeys(schemas) {
		add(name, outline(schemas[name]))
	}
	add("info", doc["info"])
	return out
}

// operations keeps, by method, the names of the parameters, the answer codes,
// the operation id and the vendor extensions.
func operations(item map[string]any) any {
	out := map[string]any{}
	for method, v := range item {
		op, ok := v.(map[string]any)
		if !ok {
			continue
		}
		var params []string
		for _, p := range list(op, "parameters") {
			params = append(params, text(p, "name")+text(p, "$ref"))
		}
		slices.Sort(params)
		codes, _ := op["responses"].(map[string]any)
		out[method] = map[string]any{
			"parameters":  params,
			"responses":   slices.Sorted(maps.Keys(codes)),
			"operationId": op["operationId"],
			"action":      op["x-kubernetes-action"],
			"gvk":         op["x-kubernetes-group-version-kind"],
		}
	}
	return out
}

// outline is a schema without descriptions and examples, and with the texts of
// a list sorted.
func outline(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if _, prose := e.(string); prose && (k == "description" || k == "example") {
				continue
			}
			out[k] = outline(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		allText := true
		for i, e := range v {
			out[i] = outline(e)
			_, ok := e.(string)
			allText = allText && ok
		}
		if allText {
			sortBy(out, func(e any) string { return e.(string) })
		}
		return out
	}
	return v
}
