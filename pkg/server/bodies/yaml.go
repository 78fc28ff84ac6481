package bodies

import (
	"bytes"
	"encoding/json"
	"io"

	"go.yaml.in/yaml/v2"
)

// yamlBody is a body in YAML. Its first Read reads and checks all of it, because
// an alias is cheap until it has been replaced.
type yamlBody struct {
	io.ReadCloser
	maxBytes int64
	data     *bytes.Reader
}

// Read implements io.Reader. It fails if the body is too deep, or too large with
// its aliases replaced. A body that is too large as it is does so in the handler.
func (b *yamlBody) Read(p []byte) (int, error) {
	if b.data == nil {
		data, err := io.ReadAll(io.LimitReader(b.ReadCloser, b.maxBytes+1))
		if err != nil {
			return 0, err
		}
		if int64(len(data)) <= b.maxBytes {
			if err := checkYAML(data, b.maxBytes); err != nil {
				return 0, err
			}
		}
		b.data = bytes.NewReader(data)
	}
	return b.data.Read(p)
}

// checkYAML parses YAML with the parser of sigs.k8s.io/yaml. This is cheap even
// where the conversion to JSON, which the decoder does next, is not: strings are
// shared, and the parser bounds how many lists and maps come from aliases. What
// is JSON, as clients send it in an apply patch, has no aliases.
func checkYAML(data []byte, maxBytes int64) error {
	if json.Valid(data) {
		if scanner := (jsonScanner{limit: MaxDepth}); !scanner.scan(data) {
			return tooDeep()
		}
		return nil
	}
	var value any
	if yaml.Unmarshal(data, &value) != nil {
		return nil // the decoder reports the error
	}
	left := maxBytes
	return measure(value, 0, &left, maxBytes)
}

// measure subtracts the size of a value from left, and fails if that is not
// enough or if the value is too deep.
func measure(value any, depth int, left *int64, maxBytes int64) error {
	if depth > MaxDepth {
		return tooDeep()
	}
	*left--
	switch v := value.(type) {
	case string:
		*left -= int64(len(v))
	case []any:
		for _, item := range v {
			if err := measure(item, depth+1, left, maxBytes); err != nil {
				return err
			}
		}
	case map[any]any:
		for key, item := range v {
			if err := measure(key, depth+1, left, maxBytes); err != nil {
				return err
			}
			if err := measure(item, depth+1, left, maxBytes); err != nil {
				return err
			}
		}
	}
	if *left < 0 {
		return tooLarge(maxBytes)
	}
	return nil
}
