package compat

import (
	"encoding/json"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// tree reads an answer's body as JSON values: of JSON, of YAML, of the events
// of a watch as a list, and of plain text as a string.
func (a *Answer) tree() any {
	if len(a.Body) == 0 {
		return nil
	}
	v, err := parse(string(a.Body))
	if err != nil {
		return string(a.Body)
	}
	body, ok := v.(string)
	if !ok {
		return v
	}
	if ct := a.Headers["Content-Type"]; len(ct) > 0 && strings.HasPrefix(ct[0], "application/yaml") {
		if raw, err := yaml.YAMLToJSON([]byte(body)); err == nil {
			if v, err := parse(string(raw)); err == nil {
				return v
			}
		}
	}
	if strings.HasPrefix(body, "{") {
		if events, err := parseAll(body); err == nil {
			return events
		}
	}
	return body
}

// parse reads the first JSON value in s, with numbers as they are written.
func parse(s string) (v any, err error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

// parseAll reads a sequence of JSON values.
func parseAll(s string) ([]any, error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var all []any
	for {
		var v any
		if err := dec.Decode(&v); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}
