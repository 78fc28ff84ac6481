package bodies

import "github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"

// scanJSON counts the objects and lists in JSON, and reports whether a string or
// a number in it would be a costly quantity. It does not tell JSON from other
// text: the decoder does.
func scanJSON(data []byte, l limits) (costly bool, err error) {
	depth, objects := 0, 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			end := i + 1 + stringLength(data[i+1:])
			costly = costly || quantities.Costly(data[i+1:end], true)
			i = end
		case c == '{' || c == '[':
			depth++
			objects++
			if err := l.check(depth, objects); err != nil {
				return false, err
			}
		case (c == '}' || c == ']') && depth > 0:
			depth--
		case c == '-' || '0' <= c && c <= '9':
			end := i + 1
			for end < len(data) && inNumber(data[end]) {
				end++
			}
			costly = costly || quantities.Costly(data[i:end], false)
			i = end - 1
		}
	}
	return costly, nil
}

// stringLength returns the length of a string up to its closing quote.
func stringLength(data []byte) int {
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return len(data)
}

func inNumber(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}
