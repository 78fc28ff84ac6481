package bodies

import (
	"encoding/json"

	"go.yaml.in/yaml/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"
)

// scanYAML checks YAML, and reports whether a string in it would be a costly
// quantity. It parses with the parser of sigs.k8s.io/yaml. This is cheaper than
// the conversion to JSON, which the decoder does next: strings are shared, and the
// parser bounds how many lists and maps come from aliases. What is JSON, as
// clients send it in an apply patch, has no aliases.
func scanYAML(data []byte, l limits, maxBytes int64) (costly bool, err error) {
	if json.Valid(data) {
		return scanJSON(data, l)
	}
	if openings(data) > 2*l.objects {
		return false, l.tooMany()
	}
	var value any
	if yaml.Unmarshal(data, &value) != nil {
		return false, nil // the decoder reports the error
	}
	m := measure{limits: l, left: maxBytes, maxBytes: maxBytes}
	err = m.value(value, 0)
	return m.costly, err
}

// openings counts what looks like the beginning of a list or of an object in
// YAML, except for objects in lines of their own, which have more characters. Only
// the parser knows what of it is text, but a list costs it a hundred bytes for each
// byte.
func openings(data []byte) (count int) {
	for i, c := range data {
		if c == '[' || c == '{' || c == '-' && (i+1 == len(data) || data[i+1] <= ' ') {
			count++
		}
	}
	return count
}

// measure adds up what a value costs.
type measure struct {
	limits
	// left is how many bytes there may be more, of maxBytes.
	left, maxBytes int64
	// objects is the number of lists and objects so far.
	objects int
	costly  bool
}

// value takes a value, and fails if it is too large or too deep.
func (m *measure) value(value any, depth int) error {
	m.left--
	switch v := value.(type) {
	case string:
		m.left -= int64(len(v))
		m.costly = m.costly || quantities.Costly(v, false)
	case []any:
		m.objects++
		for _, item := range v {
			if err := m.value(item, depth+1); err != nil {
				return err
			}
		}
	case map[any]any:
		m.objects++
		for key, item := range v {
			if err := m.value(key, depth+1); err != nil {
				return err
			}
			if err := m.value(item, depth+1); err != nil {
				return err
			}
		}
	}
	if m.left < 0 {
		return tooLarge(m.maxBytes)
	}
	return m.check(depth, m.objects)
}
