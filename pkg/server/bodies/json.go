package bodies

import "io"

// jsonBody is a body in JSON.
type jsonBody struct {
	io.ReadCloser
	scanner jsonScanner
}

// Read implements io.Reader. It fails if the body is too deep.
func (b *jsonBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !b.scanner.scan(p[:n]) {
		return 0, tooDeep()
	}
	return n, err
}

// jsonScanner counts the objects and lists that are open in JSON that comes in
// pieces. It does not tell JSON from other text: the decoder does.
type jsonScanner struct {
	// limit is the number of objects and lists that may be open.
	limit, depth      int
	inString, escaped bool
}

// scan reads the next piece. It returns false if the JSON is too deep.
func (s *jsonScanner) scan(p []byte) bool {
	for _, c := range p {
		switch {
		case s.escaped:
			s.escaped = false
		case c == '"':
			s.inString = !s.inString
		case s.inString:
			s.escaped = c == '\\'
		case c == '{' || c == '[':
			if s.depth++; s.depth > s.limit {
				return false
			}
		case (c == '}' || c == ']') && s.depth > 0:
			s.depth--
		}
	}
	return true
}
